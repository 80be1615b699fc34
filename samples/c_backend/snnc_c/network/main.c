/* Runs the network on a computer: main INPUT OUTPUT [potentials]. Not for the microcontroller.

   INPUT: samples and steps, then the input's payloads, step by step. OUTPUT: for each step the spikes of
   every population of neurons (each followed by its potentials, where these are asked for) and the
   readout's potential, at the end the microseconds that the network took, INT32_MAX where they do not fit.
   All are int32_t as this computer stores them. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "network.h"

static int32_t input[NETWORK_INPUTS];
static int32_t output[NETWORK_OUTPUTS];
static int32_t values[NETWORK_LARGEST];

static int failed(const char *what)
{
    fprintf(stderr, "%s\n", what);
    return 1;
}

static int write_all(const int32_t *values, size_t count, FILE *file)
{
    return fwrite(values, sizeof *values, count, file) == count;
}

int main(int argc, char **argv)
{
    static const int32_t sizes[] = NETWORK_SIZES;
    int32_t shape[2], sample, step, element, population, microseconds;
    clock_t spent = 0;
    double seconds;
    FILE *from, *to;

    if (argc != 3 && (argc != 4 || strcmp(argv[3], "potentials") != 0))
        return failed("usage: main INPUT OUTPUT [potentials]");
    from = fopen(argv[1], "rb");
    to = fopen(argv[2], "wb");
    if (from == NULL || to == NULL || fread(shape, sizeof *shape, 2, from) != 2)
        return failed("cannot open the files");
    for (sample = 0; sample < shape[0]; ++sample) {
        network_reset();
        for (step = 0; step < shape[1]; ++step) {
            clock_t before;
            if (fread(input, sizeof *input, NETWORK_INPUTS, from) != NETWORK_INPUTS)
                return failed("the input ends too early");
            before = clock();
            for (element = 0; element < NETWORK_INPUTS; ++element)
                if (input[element] != 0 && !network_event(element, input[element]))
                    return failed("a payload that the network does not take");
            network_step();
            spent += clock() - before;
            network_output(output);
            for (population = 0; population < NETWORK_POPULATIONS; ++population) {
                network_spikes(population, 0, sizes[population], values);
                if (!write_all(values, (size_t)sizes[population], to))
                    return failed("cannot write");
                network_potentials(population, 0, sizes[population], values);
                if (argc == 4 && !write_all(values, (size_t)sizes[population], to))
                    return failed("cannot write");
            }
            if (!write_all(output, NETWORK_OUTPUTS, to))
                return failed("cannot write");
        }
        printf("done %ld\n", (long)sample + 1);
        fflush(stdout);
    }
    seconds = (double)spent / CLOCKS_PER_SEC;
    microseconds = seconds < 2147.0 ? (int32_t)(seconds * 1e6) : INT32_MAX;
    if (!write_all(&microseconds, 1, to) || fclose(to) != 0)
        return failed("cannot write");
    return 0;
}
