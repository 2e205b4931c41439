"""Runs a program on a terminal of its own and talks to it as told on standard input.

Each line of standard input is a JSON object: {"send": text}, {"wait": text,
"seconds": n} (until the text has come since the last wait), {"pause":
seconds}, {"columns": n}, which gives the terminal that size, or {"end": "SIGTERM"} or "hangup", which ends the
program by a signal or takes its terminal away. Each wait is answered by a line of JSON: whether the text came, after
how many milliseconds, and what came; an end by what became of the program.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

seen = b""


def read(seconds):
    global seen
    if select.select([terminal], [], [], seconds)[0]:
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            return False
    return True


def wait(text, seconds):
    global seen
    start = time.monotonic()
    wanted = text.encode()
    while wanted not in seen and time.monotonic() < start + seconds:
        if not read(0.01):
            break
    came = wanted in seen
    text = seen.decode("utf8", "replace")
    seen = seen.partition(wanted)[2] if came else b""
    return {"came": came, "milliseconds": (time.monotonic() - start) * 1000, "text": text}


for line in sys.stdin:
    step = json.loads(line)
    if "send" in step:
        os.write(terminal, step["send"].encode())
    elif "columns" in step:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, step["columns"], 0, 0))
    elif "pause" in step:
        end = time.monotonic() + step["pause"]
        while time.monotonic() < end and read(0.05):
            pass
    elif "end" in step:
        if step["end"] == "hangup":
            os.close(terminal)
        else:
            os.kill(pid, getattr(signal, step["end"]))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"came": True, "milliseconds": 0, "text": str(code)}), flush=True)
        sys.exit()
    else:
        print(json.dumps(wait(step["wait"], step["seconds"])), flush=True)

os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
