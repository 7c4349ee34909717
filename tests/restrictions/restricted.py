#!/usr/bin/python3
"""Starts a program under the restrictions that a systemd unit and its drop-ins name, where no systemd runs.

    restricted.py UNIT[:DROP-IN…] PROGRAM [ARGUMENT…]

The system calls of each group are asked of systemd-analyze; the filters are those of systemd's
src/shared/seccomp-util.c. A restriction of the unit that this program does not know is an error.
"""

import ctypes
import errno
import os
import resource
import subprocess
import sys

import seccomp
from seccomp import ALLOW, ERRNO, EQ, MASKED_EQ, NE, Arg

PR_SET_NO_NEW_PRIVS = 38
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
# Of sched.h: CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
NAMESPACES = [0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
# What systemd lets through with every list of allowed calls.
ALWAYS = ["@default", "execve", "exit", "exit_group", "rt_sigreturn", "sigreturn"]


def restrictions(unit):
    """The names and values of the section [Service], in their order."""
    section = None
    for line in open(unit, encoding="utf-8"):
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            name, value = line.split("=", 1)
            yield name, value


def calls(names):
    """Every system call of these names and groups."""
    found = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        listed = subprocess.run(
            ["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True
        ).stdout.splitlines()[1:]
        found |= calls(word for word in map(str.strip, listed) if word and not word.startswith("#"))
    return found


def rule(filters, action, call, *arguments):
    """One that is asked for by name; a call that this machine does not have needs none."""
    try:
        filters.add_rule(action, call, *arguments)
    except (OSError, RuntimeError, ValueError):
        if seccomp.resolve_syscall(seccomp.Arch(), call) >= 0:
            raise


def refusing():
    return seccomp.SyscallFilter(defaction=ALLOW)


def allowed_calls(lines):
    """SystemCallFilter: the first line allows, one with ~ takes away."""
    allowed = calls(ALWAYS)
    for line in lines:
        if line.startswith("~"):
            allowed -= calls(line[1:].split())
        else:
            allowed |= calls(line.split())
    filters = seccomp.SyscallFilter(defaction=ERRNO(errno.EPERM))
    for call in sorted(allowed):
        rule(filters, ALLOW, call)
    return filters


def no_memory_that_is_written_and_run():
    filters = refusing()
    both = PROT_WRITE | PROT_EXEC
    rule(filters, ERRNO(errno.EPERM), "mmap", Arg(2, MASKED_EQ, both, both))
    for call in ["mprotect", "pkey_mprotect"]:
        rule(filters, ERRNO(errno.EPERM), call, Arg(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    rule(filters, ERRNO(errno.EPERM), "shmat", Arg(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    return filters


def families(names):
    filters = refusing()
    kept = {FAMILIES[name] for name in names.split()}
    for family in range(max(kept) + 1):
        if family not in kept:
            rule(filters, ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, EQ, family))
    rule(filters, ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, seccomp.GT, max(kept)))
    return filters


def no_namespaces():
    filters = refusing()
    rule(filters, ERRNO(errno.ENOSYS), "clone3")
    rule(filters, ERRNO(errno.EPERM), "setns")
    for flag in NAMESPACES:
        for call in ["unshare", "clone"]:
            rule(filters, ERRNO(errno.EPERM), call, Arg(0, MASKED_EQ, flag, flag))
    return filters


def no_realtime():
    filters = refusing()
    # SCHED_FIFO and SCHED_RR and all above but SCHED_BATCH and SCHED_IDLE.
    for policy in [1, 2, 4, 6]:
        rule(filters, ERRNO(errno.EPERM), "sched_setscheduler", Arg(1, EQ, policy))
    return filters


def no_suid():
    filters = refusing()
    rule(filters, ERRNO(errno.ENOSYS), "openat2")
    places = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2}
    for bit in [0o4000, 0o2000]:
        for call, place in places.items():
            rule(filters, ERRNO(errno.EPERM), call, Arg(place, MASKED_EQ, bit, bit))
        for call, flags, mode in [("open", 1, 2), ("openat", 2, 3)]:
            created = Arg(flags, MASKED_EQ, os.O_CREAT, os.O_CREAT)
            rule(filters, ERRNO(errno.EPERM), call, created, Arg(mode, MASKED_EQ, bit, bit))
    return filters


def one_personality():
    filters = refusing()
    rule(filters, ERRNO(errno.EPERM), "personality", Arg(0, NE, 0))
    return filters


def main():
    units, program = sys.argv[1].split(":"), sys.argv[2:]
    filters, allowing = [], []
    for name, value in (line for unit in units for line in restrictions(unit)):
        if name == "SystemCallFilter":
            allowing.append(value)
        elif name == "MemoryDenyWriteExecute":
            filters.append(no_memory_that_is_written_and_run())
        elif name == "RestrictAddressFamilies":
            filters.append(families(value))
        elif name == "RestrictNamespaces":
            filters.append(no_namespaces())
        elif name == "RestrictRealtime":
            filters.append(no_realtime())
        elif name == "RestrictSUIDSGID":
            filters.append(no_suid())
        elif name == "LockPersonality":
            filters.append(one_personality())
        elif name == "UMask":
            os.umask(int(value, 8))
        elif name in LIMITS:
            resource.setrlimit(LIMITS[name], (int(value), int(value)))
        elif name == "NoNewPrivileges":
            if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
                sys.exit("no_new_privs was refused")
        elif name in OF_THE_MANAGER:
            pass
        else:
            sys.exit(f"{name}={value}: not known here, so nobody would try it")
    filters.append(allowed_calls(allowing))
    for loading in filters:
        loading.load()
    os.execv(program[0], program)


LIMITS = {"LimitCORE": resource.RLIMIT_CORE, "LimitNOFILE": resource.RLIMIT_NOFILE}

# What restricts nothing, or holds anyway (libseccomp refuses the calls of other architectures, and
# SystemCallErrorNumber is the one above), or filters the packets of a cgroup, of which there is none here.
OF_THE_MANAGER = {
    "Type",
    "ExecStart",
    "Restart",
    "RestartPreventExitStatus",
    "RestartSec",
    "TimeoutStopSec",
    "SystemCallArchitectures",
    "SystemCallErrorNumber",
    "IPAddressDeny",
    "IPAddressAllow",
}

main()
