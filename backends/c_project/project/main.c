/* Frames of events come over the serial line, decisions go back. One line a frame, in plain text: the
   input elements in which something happened, as `element` or as `element:count`, with blanks between
   them. An element may come more than once: its counts add up. An empty line is a frame without events.

   Every answer is a line: the frame's number, the decision, and the potentials of all classes. A line
   `end` asks for the answers that are still due; the next line begins a new recording. A line `stop`
   ends the program. What cannot be understood is answered with a line that begins with `error`. */

#include "board.h"
#include "frames.h"
#include "network.h"

static int32_t frames, answers; /* of this recording */
static int begun;

static void text(const char *words)
{
    for (; *words != '\0'; ++words)
        board_write(*words);
}

static void number(int32_t value)
{
    char digits[10];
    int count = 0;
    uint32_t rest = value < 0 ? -(uint32_t)value : (uint32_t)value;
    if (value < 0)
        board_write('-');
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    while (count > 0)
        board_write(digits[--count]);
}

void frames_answered(int32_t frame, const int32_t *output)
{
    int32_t i;
    answers = frame + 1;
    text("frame ");
    number(frame);
    text(" decision ");
    number(frames_decision(output));
    text(" potentials");
    for (i = 0; i < NETWORK_OUTPUTS; ++i) {
        board_write(' ');
        number(output[i]);
    }
    board_write('\n');
}

static void begin(void)
{
    if (begun)
        return;
    begun = 1;
    frames = 0;
    answers = 0;
    frames_begin();
}

/* The answers that are still due come while nothing goes in. */
static void finish(void)
{
    while (begun && answers < frames)
        frames_run();
    begun = 0;
}

static int is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* A whole number from c on; the byte behind it goes into c. No number is longer than 9 digits. */
static int whole(int *c, int32_t *value)
{
    int digits = 0, negative = 0;
    *value = 0;
    if (*c == '-') {
        negative = 1;
        *c = board_read();
    }
    for (; is_digit(*c) && digits < 9; ++digits, *c = board_read())
        *value = *value * 10 + (*c - '0');
    if (negative)
        *value = -*value;
    return digits > 0 && !is_digit(*c);
}

/* Reads a line that begins with c and takes it; 0 where it cannot be understood. */
static int take_line(int c, int *stop)
{
    for (;;) {
        int32_t element, count = 1;
        while (c == ' ' || c == '\r')
            c = board_read();
        if (c == '\n') {
            begin();
            ++frames;
            frames_run();
            return 1;
        }
        if (c == 'e' || c == 's') {
            *stop = c == 's';
            while (c != '\n')
                c = board_read();
            finish();
            return 1;
        }
        if (!whole(&c, &element))
            break;
        if (c == ':') {
            c = board_read();
            if (!whole(&c, &count))
                break;
        }
        begin();
        if ((c != ' ' && c != '\r' && c != '\n') || !frames_add(element, count))
            break;
    }
    while (c != '\n')
        c = board_read();
    frames_drop();
    return 0;
}

int main(void)
{
    int stop = 0;
    board_start();
    while (!stop)
        if (!take_line(board_read(), &stop))
            text("error: this frame was not run; lines are element or element:count\n");
    board_stop();
    return 0;
}
