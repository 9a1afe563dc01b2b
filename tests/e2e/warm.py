"""Imported first by the process that commands are forked from: what is imported after it is no garbage in any of them.

Looking through it for garbage costs each command a part of a second, and copies of all the pages it is on.
"""

import gc
import os

gc.disable()


def _forked() -> None:
    gc.freeze()
    gc.enable()


os.register_at_fork(after_in_child=_forked)
