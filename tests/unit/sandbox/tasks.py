"""Tasks with one fault each, for the child process."""

import os
import signal
import struct
import sys
import time
from collections.abc import Sequence
from typing import ClassVar

from deployments.memory_files import result_file
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Refused, Task


class Faulty(Task):
    """Does what the request says."""

    is_watched: ClassVar[bool] = False
    is_broken = False

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        match request["do"]:
            case "tell":
                return {"argv": sys.argv, "environment": dict(os.environ), "pid": os.getpid()}, None
            case "copy":
                with result_file() as result:
                    os.write(result, b"".join(os.read(file, 1_000_000) for file in files))
                return {}, result
            case "write":
                with result_file() as result, open(result, "wb", closefd=False) as file:
                    file.write(bytes(request["bytes"]))
                return {}, result
            case "send unsealed":
                return {}, os.memfd_create("unsealed")
            case "take memory":
                bytearray(request["bytes"])
            case "take time":
                while True:
                    pass
            case "sleep":
                time.sleep(request["s"])
            case "trickle":
                while True:
                    os.write(int(sys.argv[1]), b"\1")
                    time.sleep(0.05)
            case "nest":
                os.write(int(sys.argv[1]), struct.pack("<I", 100_000) + b"[" * 100_000)
            case "refuse":
                raise Refused("because", "of this")
            case "fail":
                raise LookupError("our own fault")
            case "break":
                self.is_broken = True
            case "crash if broken" if not self.is_broken:
                pass
            case "crash" | "crash if broken":
                signal.raise_signal(signal.SIGSEGV)
            case "abort":
                os.abort()
            case "end":
                os._exit(3)
        return {}, None


class Watched(Faulty):
    is_watched: ClassVar[bool] = True
