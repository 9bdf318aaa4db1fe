"""A process that runs one engine, this project or a peer, on one case: worker.py and vit_worker.cpp."""

import json
import subprocess

TAIL = 15  # lines of a log


class EngineFailed(Exception):
    pass


def end_of(log):
    """What there is to say of a log when its process has failed."""
    return "\n".join([f"{log} ends:", *log.read_text(errors="replace").splitlines()[-TAIL:]])


class Engine:
    """Started and warm once constructed; idle except during ask()."""

    def __init__(self, name, command, log):
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w") as errors:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
            )
        self.facts = {}

    def wait_until_ready(self):
        word, _, facts = self._answer().partition(" ")
        if word != "ready":
            raise EngineFailed(f'{self.name} said "{word}" instead of "ready"')
        self.facts = json.loads(facts)

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
        except BrokenPipeError:
            pass  # it has ended: there will be no answer
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            raise EngineFailed(f"{self.name} ended with status {status}; {end_of(self.log)}")
        return line.strip()

    def stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
