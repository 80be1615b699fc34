"""What C on a microcontroller can do: every limit with its unit and its source."""

from __future__ import annotations

from snnc.ir import Limit, LimitName, Target

NAME = "c"
"""As on the command line, and in the entry points."""

KIBIBYTE = 1024
FLASH, RAM = (512 - 32) * KIBIBYTE, (128 - 16) * KIBIBYTE
CHIP = (
    "ST RM0383, section 2.1: STM32F411xE, 512 Kbytes of flash and 128 of SRAM; 32 and 16 of them are "
    "left for code, stack and everything else"
)
ASKED = f"the options {NAME}{{flash=...,ram=...}}"

WORD = "ISO C99, 7.18.1.1: int32_t"
STATE_BITS = Limit(32, "bits, sign included", WORD)
WEIGHT_BITS = Limit(16, "bits", "our own choice: a weight fits int16_t (ISO C99, 7.18.1.1)")
SHIFT = Limit(31, "power of 2, both signs", "ISO C99, 6.5.7p3: a shift of 32 bits by 32 is undefined")
BIAS_EXPONENT = Limit(31, "power of 2", SHIFT.source)
NUMBER = Limit(2**31 - 1, "units of the potential, both signs", WORD)
DECAY = Limit(4096, "1/4096 a step", "snnc's docs/numerics.md: a decay of 4096 keeps nothing")
CURRENT_DECAY = Limit(4095, "1/4096 a step, and one more", "snnc's docs/numerics.md: du is 0 to 4095")


def describe(flash: int, ram: int) -> Target:
    """The target with so many bytes of each memory for tables and state."""
    return Target(
        NAME,
        limits={
            LimitName.STATE_BITS: STATE_BITS,
            LimitName.WEIGHT_BITS: WEIGHT_BITS,
            LimitName.WEIGHT_EXPONENT: SHIFT,
            LimitName.BIAS: NUMBER,
            LimitName.BIAS_EXPONENT: BIAS_EXPONENT,
            LimitName.DECAY: DECAY,
        },
        own_limits={
            "flash": Limit(flash, "bytes", CHIP if flash == FLASH else ASKED),
            "RAM": Limit(ram, "bytes", CHIP if ram == RAM else ASKED),
        },
        weight_bits=tuple(range(1, WEIGHT_BITS.value + 1)),
        hardware="any microcontroller with a C99 compiler",
    )
