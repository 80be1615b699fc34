/* Frames of counts for a network, and its answers. */

#ifndef FRAMES_H
#define FRAMES_H

#include <stdint.h>

/* Your program defines it: called for every answer that is due, with the frame's number (from 0) and the
   readout's NETWORK_OUTPUTS potentials. Answers have a time of their own, one a frame, because spikes need
   steps from layer to layer: one may be due before or after its frame has come in. */
void frames_answered(int32_t frame, const int32_t *output);

/* To be called before the first frame, and before every new recording. */
void frames_begin(void);

/* Adds to the count of an input element in the coming frame. Returns 0, and does nothing, where there is
   no such element or the count leaves NETWORK_LEAST_COUNT to NETWORK_MOST_COUNT. */
int frames_add(int32_t element, int32_t count);

/* Forgets the counts since the last frame. */
void frames_drop(void);

/* Runs the steps of one frame with the counts since the last one. */
void frames_run(void);

/* The decision: the largest potential, of equal ones the first. */
int32_t frames_decision(const int32_t *potentials);

#endif
