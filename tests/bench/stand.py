# SPDX-License-Identifier: BSL-1.0
"""Starts what is measured and what measures it, and reads what it costs: for tests/bench/run and tests/bench/manager.

All that takes part in a cell runs at the same time; in each round every program has its turn, so that a slow phase of the
machine hits all alike.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SIZES = {"1 KB": 1024, "100 KB": 100 * 1024, "10 MB": 10 * 1024 * 1024}
BUILD = "cmake --preset release && cmake --build --preset release --target bench programs"
LISTEN = '[[listen]]\nsocket = "{listen}"\n'
MILTER = '\n[[milter]]\nname = "m{number}"\nsocket = "{socket}"\non_error = "tempfail"\n'
DIRECT = {"floor": "floor_milter", "libmilter": "libmilter_null", "ours": "null_milter", "driver": "floor_milter"}


def options(description):
    """A parser with the options that all measurements have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"), help="folder of the programs")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of one run of one program")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="the one to pin to")
    parser.add_argument("--json", help="file for the results")
    return parser


def measure(arguments, needed, wanted, work):
    """Checks that the programs are there, has `work` measure, keeps what it found.

    @param needed  names of programs
    @param wanted  (name, what is left out without it)
    @param work    called with a Bench; returns what goes into the file
    @return        the exit status
    """
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 5)
    arguments.seconds = arguments.seconds or (0.3 if arguments.quick else 0.5)
    me = os.path.basename(sys.argv[0])
    missing = [name for name in needed if not os.access(os.path.join(arguments.bin, name), os.X_OK)]
    if missing or not shutil.which("taskset"):
        print(f"{me}: missing in {arguments.bin}: {' '.join(missing)}; build them with: {BUILD}" if missing
              else f"{me}: taskset is missing: scripts/deps --bench", file=sys.stderr)
        return 69
    for name, what in wanted:
        if not os.access(os.path.join(arguments.bin, name), os.X_OK):
            print(f"{me}: {name} is missing: {what}", file=sys.stderr)
    if not shutil.which("strace"):
        print(f"{me}: strace is missing: system calls are not counted (scripts/deps --bench)", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="milter-bench.") as folder:
        bench = Bench(arguments, folder)
        out = work(bench)
    out["failed_sessions"] = bench.bad
    print(f"{'sessions that failed':26} {bench.bad:8}")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(out, file, indent=1)
    return 1 if bench.bad else 0


class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.pin = ["taskset", "-c", str(arguments.cpu)]
        self.bad = 0
        self.started = []  # ids of all processes that listen, or did
        self.setups = {}  # name -> function of a socket, which yields a process: besides those that target() knows

    def program(self, name):
        return os.path.join(self.arguments.bin, name)

    def has(self, name):
        return os.access(self.program(name), os.X_OK)

    @contextlib.contextmanager
    def on(self, cpus):
        """What is started meanwhile runs on any of these CPUs."""
        before, self.pin = self.pin, ["taskset", "-c", ",".join(str(cpu) for cpu in cpus)]
        try:
            yield
        finally:
            self.pin = before

    # ---- what is measured

    def socket_name(self, transport, name):
        if transport == "unix":
            return f"unix:{self.folder}/{name}.sock"
        with socket.socket() as probe:  # libmilter cannot say which port it was given
            probe.bind(("127.0.0.1", 0))
            return f"inet:{probe.getsockname()[1]}@127.0.0.1"

    @contextlib.contextmanager
    def running(self, command, where):
        """A program that listens at `where`."""
        with open(os.path.join(self.folder, "log"), "ab") as log:
            process = subprocess.Popen(self.pin + command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_for(process, command, where)
            self.started.append(process.pid)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(0.5)  # libmilter looks every 5 s
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @staticmethod
    def wait_for(process, command, where):
        for _ in range(200):
            if process.poll() is not None:
                sys.exit(f"{command[0]} ended with {process.returncode}")
            # not that its file is there: between bind() and listen() nobody is let in
            family, at = socket.AF_UNIX, where[5:]
            if where.startswith("inet:"):
                port, host = where[5:].split("@")
                family, at = socket.AF_INET, (host, int(port))
            with socket.socket(family) as probe, contextlib.suppress(OSError):
                probe.connect(at)
                return
            time.sleep(0.02)
        sys.exit(f"{command[0]} does not listen at {where}")

    @contextlib.contextmanager
    def target(self, name, transport):
        """@return its socket, its process"""
        where = self.socket_name(transport, name)
        if name in self.setups:
            running = self.setups[name](where)
        elif name.startswith("relay"):
            running = self.relay(name, where)
        elif name.startswith("manager"):
            running = self.manager(name, where, [self.null_milter()] * int(name[-1]))
        else:
            running = self.running([self.program("bench_" + DIRECT[name]), where], where)
        with running as process:
            yield where, process

    def null_milter(self, *options_of_it):
        """Command of the milter that stands behind others; it is given its socket as {socket}."""
        name = "bench_libmilter_null" if self.has("bench_libmilter_null") else "bench_floor_milter"
        return [self.program(name), *options_of_it, "{socket}"]

    def milters(self, stack, name, commands):
        """Starts them. @return their sockets"""
        sockets = []
        for number, command in enumerate(commands):
            sockets.append(self.socket_name("unix", f"{name}-{number}"))
            filled = [part.replace("{socket}", sockets[-1]) for part in command]
            stack.enter_context(self.running(filled, sockets[-1]))
        return sockets

    @contextlib.contextmanager
    def relay(self, name, where):
        with contextlib.ExitStack() as stack:
            sockets = self.milters(stack, name, [self.null_milter()] * int(name[-1]))
            yield stack.enter_context(self.running([self.program("bench_floor_relay"), where, *sockets], where))

    @contextlib.contextmanager
    def manager(self, name, where, milters, settings="", of_each=""):
        """The manager in front of `milters`, commands. @param of_each  what its configuration says of each"""
        path = os.path.join(self.folder, f"{name}.toml")
        with contextlib.ExitStack() as stack:
            sockets = self.milters(stack, name, milters)
            with open(path, "w", encoding="utf-8") as file:
                file.write(LISTEN.format(listen=where))
                file.writelines(MILTER.format(number=number, socket=at) + of_each for number, at in enumerate(sockets))
                file.write("\n" + settings)
            yield stack.enter_context(self.running([self.program("milter-manager"), "run", "-c", path], where))

    def drive(self, name, where, sessions, concurrency, size):
        driver = "bench_mta_driver" if name == "driver" else "bench_floor_driver"
        command = [self.program(driver), where, str(sessions), str(concurrency), str(size)]
        done = subprocess.run(self.pin + command, check=False, capture_output=True, text=True, timeout=300)
        if done.returncode not in (0, 1) or not done.stdout:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
        result = json.loads(done.stdout)
        self.bad += result["failed"]
        return result

    # ---- how

    def cell(self, names, transport, size, concurrency):
        """Medians of each of `names`, and of each round the samples."""
        samples, ends, parts, counts = {name: [] for name in names}, {}, {}, {}
        with contextlib.ExitStack() as stack:
            for name in names:
                others = len(self.started)
                ends[name] = stack.enter_context(self.target(name, transport))
                parts[name] = self.started[others:]
            for name, (where, _) in ends.items():
                first = self.drive(name, where, max(concurrency, 10), concurrency, size)
                rate = first["sessions"] / max(first["seconds"], 1e-6)
                counts[name] = max(int(rate * self.arguments.seconds), concurrency, 5)
            for _ in range(self.arguments.rounds):
                for name, (where, process) in ends.items():
                    of_all = sum(map(cpu_time, parts[name]))
                    one = self.sample(name, where, process, counts[name], concurrency, size)
                    of_all = (sum(map(cpu_time, parts[name])) - of_all) * 1e6 / counts[name]
                    samples[name].append({**one, "all_cpu_us": of_all + one["driver_cpu_us"]})
            memory = {name: status(process.pid, "VmHWM") for name, (_, process) in ends.items()}
        result = {}
        for name, all_of_it in samples.items():
            result[name] = {key: statistics.median(one[key] for one in all_of_it) for key in all_of_it[0]}
            result[name]["peak_kib"] = memory[name]
            result[name]["samples"] = all_of_it
        for row in result.values():
            row["x_floor"] = row["cpu_us"] / result["floor"]["cpu_us"]
        return result

    def sample(self, name, where, process, sessions, concurrency, size):
        before = cpu_time(process.pid)
        driven = self.drive(name, where, sessions, concurrency, size)
        spent = (cpu_time(process.pid) - before) * 1e6 / driven["sessions"]
        return {"cpu_us": driven["cpu_us"] if name == "driver" else spent,
                "driver_cpu_us": driven["cpu_us"],
                "sessions_per_s": driven["sessions"] / driven["seconds"],
                "p50_us": driven["p50_us"], "p99_us": driven["p99_us"]}

    def system_calls(self, name):
        """Of one session, one after the other; None without strace."""
        sessions, count = 200, ["-f", "-c", "-U", "calls,name"]
        with self.target(name, "unix") as (where, process):
            if name == "driver":
                command = [self.program("bench_mta_driver"), where, str(sessions), "1", "1024"]
                report = self.traced(count + command, lambda: None)
            else:
                report = self.traced([*count, "-p", str(process.pid)], lambda: self.drive(name, where, sessions, 1, 1024))
        total = [line.split()[0] for line in (report or "").splitlines() if line.rstrip().endswith("total")]
        return int(total[0]) / sessions if total else None

    def traced(self, command, work):
        """What strace writes about `command`, its options, while `work` is done, or until its program ends.

        @return None without strace
        """
        if not shutil.which("strace"):
            return None
        report = os.path.join(self.folder, "strace")
        tracer = subprocess.Popen(["strace", "-o", report, *command], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if "-p" in command:
            time.sleep(0.5)
            work()
            time.sleep(0.1)  # the end of the last session
            tracer.terminate()
        tracer.wait(60)
        with contextlib.suppress(OSError), open(report, encoding="ascii", errors="replace") as file:
            return file.read()
        return ""

    def idle(self, name, connections):
        """KiB of each connection that has said HELO and says no more."""
        with self.target(name, "unix") as (where, process):
            self.drive(name, where, 20, 10, 1024)
            before = status(process.pid, "VmRSS")
            command = [self.program("bench_floor_driver"), where, "0", str(connections), "1024"]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
                holder.stdout.readline()
                held = status(process.pid, "VmRSS")
                holder.stdin.close()
        return (held - before) / connections


def cpu_time(pid):
    """Seconds of the process, threads that have ended included."""
    return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of that process, clock_getcpuclockid(3)


def status(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))


def threads(pid):
    """Nanoseconds that each thread has run."""
    spent = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as file:
            spent[int(tid)] = int(file.read().split()[0])
    return spent


def show(title, result):
    print(f"\n{title}")
    print(f"  {'':10} {'CPU us':>9} {'x floor':>8} {'p50 us':>10} {'p99 us':>10} {'sessions/s':>11} {'peak KiB':>9}")
    for name, row in result.items():
        print(f"  {name:10} {row['cpu_us']:9.1f} {row['x_floor']:8.2f} {row['p50_us']:10.0f} {row['p99_us']:10.0f}"
              f" {row['sessions_per_s']:11.0f} {row['peak_kib']:9.0f}", flush=True)
