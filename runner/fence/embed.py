"""Writes an assembler file that holds the program FENCE: embed.py OUTPUT FENCE"""

import os
import sys

output, program = sys.argv[1:]
with open(output, "w", encoding="utf-8") as file:
    file.write(f'''    .section .rodata
    .global fence_program, fence_program_end
    .balign 16
fence_program:
    .incbin "{os.path.abspath(program)}"
fence_program_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
''')
