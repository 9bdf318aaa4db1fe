"""Runs a static program on a processor with AVX-512: this one, or one that Bochs emulates.

    python tests/bochs/run.py PROGRAM [ARGUMENT...]

Its output and exit status are the program's. Emulated, it boots Linux with the program and nothing else:
half a minute, and then tens of millions of instructions a second. Files of this machine are not there. It
takes what `scripts/setup avx512` installs, and the kernel of Debian's linux-image-cloud-amd64, which is
downloaded into build/bochs and not installed.
"""

import contextlib
import os
import pathlib
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KERNELS = ROOT / "build/bochs"
NEEDED = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
MOST_SECONDS = 1500

# Without xsaves and xsavec (bits 323 and 321): Linux finds the state that Bochs saves inconsistent, and then
# turns all vector registers off.
COMMAND_LINE = (
    "console=ttyS0,115200 mitigations=off nokaslr tsc=reliable no_timer_check nopku clearcpuid=323,321 quiet"
)

# Powering off at once would lose the end of what was written to the serial line.
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t tmpfs tmpfs tmp
echo "begin of output"
{command}
echo "end of output: $?"
/bin/busybox sleep 3
/bin/busybox poweroff -f
"""

BOCHSRC = """\
cpu: model=corei7_skylake_x, count=1, ips=200000000, reset_on_triple_fault=0, ignore_bad_msrs=1
megs: 1024
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path={directory}/disk.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={directory}/serial.txt
display_library: term
clock: sync=none
panic: action=fatal
log: {directory}/bochs.log
"""


def fail(sentence):
    sys.exit(f"run.py: {sentence}")


def runs_here():
    flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return NEEDED <= set(flags.group(1).split())


def first(*paths):
    for path in paths:
        if os.path.exists(path):
            return path
    fail(f"{paths[0]} is missing: run scripts/setup avx512")


def kernel():
    """Linux out of the package that linux-image-cloud-amd64 depends on."""
    image = KERNELS / "vmlinuz"
    if not image.exists():
        KERNELS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KERNELS) as directory:
            ask = ["apt-cache", "depends", "linux-image-cloud-amd64"]
            depends = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
            package = re.search(r"Depends: (linux-image-\S+)", depends).group(1)
            subprocess.run(["apt-get", "download", package], cwd=directory, check=True, stdout=2)
            (archive,) = pathlib.Path(directory).glob("*.deb")
            subprocess.run(["dpkg", "-x", archive, f"{directory}/all"], check=True)
            (found,) = pathlib.Path(directory).glob("all/boot/vmlinuz-*")
            found.replace(image)
    return image


def make_disk(directory, program, arguments):
    root = directory / "root"
    for folder in ("bin", "proc", "tmp", "dev"):
        (root / folder).mkdir(parents=True)
    shutil.copy(first("/bin/busybox"), root / "bin/busybox")
    shutil.copy(program, root / "program")
    init = root / "init"
    init.write_text(INIT.format(command=shlex.join(["/program", *arguments])))
    init.chmod(0o755)
    disk = directory / "disk"
    disk.mkdir()
    with open(disk / "files.gz", "wb") as packed:
        pack = "find . | cpio --create --format=newc --quiet | gzip -1"
        subprocess.run(["sh", "-c", pack], cwd=root, stdout=packed, check=True)
    shutil.copy(kernel(), disk / "linux")
    shutil.copy(first("/usr/lib/ISOLINUX/isolinux.bin"), disk)
    shutil.copy(first("/usr/lib/syslinux/modules/bios/ldlinux.c32"), disk)
    (disk / "isolinux.cfg").write_text(
        f"default linux\nlabel linux\n  kernel /linux\n  initrd /files.gz\n  append {COMMAND_LINE}\n"
    )
    boot = "-b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table".split()
    make = ["xorriso", "-as", "mkisofs", "-quiet", "-o", directory / "disk.iso", *boot, disk]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def drain(descriptor):
    """The emulator stops when nobody reads what it shows."""
    with contextlib.suppress(OSError):
        while os.read(descriptor, 4096):
            pass


def start(directory):
    (directory / "bochsrc").write_text(BOCHSRC.format(directory=directory))
    (directory / "commands").write_text("c\n")  # Debian's Bochs has its debugger in, which waits
    shown, terminal = pty.openpty()
    threading.Thread(target=drain, args=(shown,), daemon=True).start()
    bochs = subprocess.Popen(
        [first("/usr/bin/bochs"), "-q", "-f", directory / "bochsrc", "-rc", directory / "commands"],
        cwd=directory,
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    os.close(terminal)

    def follow_screen():
        for line in bochs.stderr:
            screen = re.search(r'"(/dev/pts/\d+)"', line)
            if screen:
                descriptor = os.open(screen.group(1), os.O_RDONLY | os.O_NOCTTY)
                threading.Thread(target=drain, args=(descriptor,), daemon=True).start()

    threading.Thread(target=follow_screen, daemon=True).start()
    return bochs


def emulate(program, arguments):
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        make_disk(directory, program, arguments)
        bochs = start(directory)
        serial = directory / "serial.txt"
        deadline = time.monotonic() + MOST_SECONDS
        try:
            while time.monotonic() < deadline:
                said = serial.read_text(errors="replace").replace("\r", "") if serial.exists() else ""
                end = re.search(r"begin of output\n(.*)end of output: (\d+)\n", said, re.DOTALL)
                if end:
                    print(end.group(1), end="")
                    return int(end.group(2))
                if bochs.poll() is not None:
                    print(said[-4000:])
                    fail(f"Bochs ended by itself, with status {bochs.returncode}")
                time.sleep(0.5)
            print(said[-4000:])
            fail(f"no end within {MOST_SECONDS} s")
        finally:
            bochs.kill()
            bochs.wait()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, arguments = sys.argv[1], sys.argv[2:]
    if runs_here():
        os.execv(program, [program, *arguments])
    sys.exit(emulate(program, arguments))


if __name__ == "__main__":
    main()
