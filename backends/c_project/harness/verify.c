/* Runs a network in QEMU for `snnc verify`: input from a file, every spike and potential into a file, over
   semihosting. Instructions are counted by what counting.h reads; QEMU derives its time from them (-icount).

   input: samples, steps, whether potentials are asked for, then for each step the number of events and each
   event's element and payload. output: for each step the spikes of every population (each followed by its
   potentials, where these are asked for), the readout's potentials, and the ticks that events and step took.
   All are int32_t. */

#include <stdint.h>

#include "counting.h"
#include "network.h"

enum { OPEN = 0x01, WRITE0 = 0x04, WRITE = 0x05, READ = 0x06, EXIT = 0x18 };
enum { EVENTS = 16, VALUES = 64 };

static int32_t values[NETWORK_OUTPUTS > VALUES ? NETWORK_OUTPUTS : VALUES];
static int32_t events[2 * EVENTS];
static const int32_t sizes[] = NETWORK_SIZES;

static void stop(int32_t reason)
{
    call(EXIT, (const void *)(intptr_t)reason);
    for (;;) {
    }
}

static void failed(void)
{
    stop(0x20023); /* a run-time error: QEMU ends with status 1 */
}

static int32_t opened(const char *name, int32_t mode, int32_t length)
{
    const int32_t arguments[] = {(int32_t)(intptr_t)name, mode, length};
    const int32_t handle = call(OPEN, arguments);
    if (handle < 0)
        failed();
    return handle;
}

static void moved(int32_t operation, int32_t handle, const void *data, int32_t bytes)
{
    const int32_t arguments[] = {handle, (int32_t)(intptr_t)data, bytes};
    if (bytes > 0 && call(operation, arguments) != 0)
        failed();
}

/* "done 12": so many samples are. */
static void said(int32_t samples)
{
    char text[] = "done           \n";
    int place = 14;
    do {
        text[place--] = (char)('0' + samples % 10);
        samples /= 10;
    } while (samples > 0);
    for (; place > 4; --place)
        text[place] = '0';
    call(WRITE0, text);
}

/* All that a population has of something, some neurons at a time: a board may have little RAM. */
static void written(int32_t to, int32_t population, void (*read)(int32_t, int32_t, int32_t, int32_t *))
{
    int32_t first, count;
    for (first = 0; first < sizes[population]; first += count) {
        const int32_t left = sizes[population] - first;
        count = left < VALUES ? left : VALUES;
        read(population, first, count, values);
        moved(WRITE, to, values, 4 * count);
    }
}

int main(void)
{
    int32_t about[3], sample, step, population, left, i;
    uint32_t empty;
    const int32_t from = opened("input", 1, 5), to = opened("output", 5, 6);

    counting_begins();
    empty = ticks();
    empty = ticks() - empty;
    moved(READ, from, about, sizeof about);
    for (sample = 0; sample < about[0]; ++sample) {
        network_reset();
        for (step = 0; step < about[1]; ++step) {
            uint32_t spent = 0, begin;
            moved(READ, from, &left, sizeof left);
            while (left > 0) {
                const int32_t count = left < EVENTS ? left : EVENTS;
                moved(READ, from, events, count * 8);
                begin = ticks();
                for (i = 0; i < count; ++i)
                    if (!network_event(events[2 * i], events[2 * i + 1]))
                        failed();
                spent += ticks() - begin - empty;
                left -= count;
            }
            begin = ticks();
            network_step();
            spent += ticks() - begin - empty;
            for (population = 0; population < NETWORK_POPULATIONS; ++population) {
                written(to, population, network_spikes);
                if (about[2])
                    written(to, population, network_potentials);
            }
            network_output(values);
            moved(WRITE, to, values, 4 * NETWORK_OUTPUTS);
            moved(WRITE, to, &spent, sizeof spent);
        }
        said(sample + 1);
    }
    stop(0x20026); /* the application ended: status 0 */
    return 0;
}
