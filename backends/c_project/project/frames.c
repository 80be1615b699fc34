/* Frames of counts for a network, as snnc's docs/numerics.md ("Input", "Answers") says them. */

#include "frames.h"

#include <string.h>

#include "network.h"

static network_count counts[NETWORK_INPUTS];
static int32_t output[NETWORK_OUTPUTS];
static int32_t answered;
static int32_t waiting; /* steps until the next answer */

static void run_step(void)
{
    network_step();
    if (--waiting > 0)
        return;
    waiting = NETWORK_STEPS_PER_FRAME;
    network_output(output);
    frames_answered(answered++, output);
}

void frames_begin(void)
{
    int32_t step;
    network_reset();
    frames_drop();
    answered = 0;
    waiting = NETWORK_FIRST_ANSWER;
    for (step = 1; step < NETWORK_FIRST_INPUT; ++step)
        run_step();
}

void frames_drop(void)
{
    memset(counts, 0, sizeof counts);
}

int frames_add(int32_t element, int32_t count)
{
    int32_t sum;
    if (element < 0 || element >= NETWORK_INPUTS)
        return 0;
    if (count < NETWORK_LEAST_COUNT || count > NETWORK_MOST_COUNT)
        return 0;
    sum = counts[element] + count;
    if (sum < NETWORK_LEAST_COUNT || sum > NETWORK_MOST_COUNT)
        return 0;
    counts[element] = (network_count)sum;
    return 1;
}

/* What an element with this count sends in a step (from 0) of the frame. */
static int32_t payload(int32_t count, int32_t step)
{
#if defined(NETWORK_ENCODING_GRADED)
    (void)step;
    return count;
#elif defined(NETWORK_ENCODING_ONCE)
    return step == 0 ? count : 0;
#else
    const int32_t all = NETWORK_STEPS_PER_FRAME;
    return (count * (step + 1) + all - 1) / all > (count * step + all - 1) / all;
#endif
}

void frames_run(void)
{
    int32_t step, element;
    for (step = 0; step < NETWORK_STEPS_PER_FRAME; ++step) {
        for (element = 0; element < NETWORK_INPUTS; ++element) {
            const int32_t sent = counts[element] == 0 ? 0 : payload(counts[element], step);
            if (sent != 0)
                (void)network_event(element, sent);
        }
        run_step();
    }
    frames_drop();
}

int32_t frames_decision(const int32_t *potentials)
{
    int32_t i, best = 0;
    for (i = 1; i < NETWORK_OUTPUTS; ++i)
        if (potentials[i] > potentials[best])
            best = i;
    return best;
}
