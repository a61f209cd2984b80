"""A minimal Debian 12, made by debootstrap into a folder and booted by systemd-nspawn. It has no network but its own
loopback: what is to be installed is fetched before it boots."""

import os
import shutil
import signal
import subprocess
import time

# A mount namespace of its own, with its own /run and a unified cgroup tree: for machines whose init is not systemd, or
# whose cgroups are still of version 1. There is then no controller, so MemoryMax= and TasksMax= are not tried.
IN_OWN_NAMESPACE = """set -e
mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/quipu-test/payload
echo $$ >/sys/fs/cgroup/quipu-test/payload/cgroup.procs
exec "$@"
"""
PACKAGES = "systemd,systemd-sysv,dbus,curl,python3"


def run(*args, check=True, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(args, capture_output=True, text=True, check=False, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(args)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def mirrors():
    """(URI, suite) of this machine's own Debian 12 archives, the main one first."""
    form = "$(REPO_URI) $(RELEASE) $(CODENAME) $(LABEL)"
    listed = run("apt-get", "indextargets", "--format", form, "Created-By: Packages").stdout
    found = dict.fromkeys(line.split(" ", 3) and tuple(line.split(" ", 3)) for line in listed.splitlines())
    debian = [(uri, release) for uri, release, codename, label in found if label.startswith("Debian") and "bookworm" in codename]
    main = [entry for entry in debian if entry[1] == "bookworm"]
    if not main:
        raise RuntimeError("/etc/apt names no archive of Debian 12 (bookworm); this test needs one")
    return main + [entry for entry in debian if entry not in main]


class Container:
    def __init__(self, folder):
        self.base = os.path.join(folder, "base")
        self.root = os.path.join(folder, "root")
        self.log = os.path.join(folder, "boot.log")
        self.process = None
        self.leader = None

    def make(self):
        """The base is kept for the next run."""
        if not os.path.exists(os.path.join(self.base, "made")):
            shutil.rmtree(self.base, ignore_errors=True)
            archives = mirrors()
            run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", self.base, archives[0][0])
            with open(os.path.join(self.base, "etc/apt/sources.list"), "w", encoding="utf-8") as file:
                file.writelines(f"deb {uri} {suite} main\n" for uri, suite in archives)
            open(os.path.join(self.base, "made"), "w", encoding="utf-8").close()
        shutil.rmtree(self.root, ignore_errors=True)
        run("cp", "-a", "--reflink=auto", self.base, self.root)
        os.remove(os.path.join(self.root, "made"))

    def chroot(self, *command):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        return run("chroot", self.root, *command, env=environment, check=False)

    def put(self, path, text, mode=0o644):
        whole = self.root + path
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(whole, mode)

    def boot(self):
        """How it was booted, in words."""
        command = ["systemd-nspawn", "--boot", f"--directory={self.root}", "--machine=quipu-test", "--register=no",
                   "--keep-unit", "--private-network", "--kill-signal=SIGRTMIN+3", "--console=pipe"]
        how = "by systemd-nspawn"
        is_plain = os.path.isdir("/run/systemd/system") and os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        if not is_plain:
            command = ["unshare", "--mount", "--propagation", "private", "bash", "-c", IN_OWN_NAMESPACE, "bash", *command]
            how += ", in a mount namespace with a cgroup tree of its own, without controllers"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            children = run("pgrep", "-P", str(self.process.pid), check=False).stdout.split()
            if children:
                self.leader = children[0]
                state = self.shell("systemctl is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return how
            time.sleep(0.2)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"it does not boot; systemd-nspawn says:\n{log.read()}")

    def shell(self, script, check=True):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
        return run("nsenter", "--target", self.leader, "--all", "--root", "--wd", "/bin/sh", "-c", script, check=check, env=environment)

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
