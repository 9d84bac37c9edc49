"""How fast the portal is, and how much memory it takes: `make bench-portal`.

Each part runs in a process of its own, so that its peak is its own. Figures in figures.json.
"""

from __future__ import annotations

import json
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from dokkaebi.portal.epoch import Terms, close
from dokkaebi.portal.importing import import_file
from dokkaebi.portal.market import Market
from dokkaebi.portal.names import Persona
from dokkaebi.portal.rules import load_rules
from dokkaebi.portal.scoring import Contribution, Epoch, Payment, score
from dokkaebi.portal.store import open_store
from dokkaebi.portal.tree import Tree, leaves

FIGURES = Path(__file__).with_name("figures.json")
CONTRIBUTIONS, PEOPLE, LEAVES = 1_000_000, 10_000, 1_000_000
EXPORT_BYTES = 1 << 30
START, DAYS = 1_790_000_000, 28
END = START + DAYS * 86_400
KINDS = ("WRITE", "SHARE", "COMMENT", "COMMENT", "LIKE", "LIKE", "LIKE", "LIKE")
POOL = "0x" + "11" * 20


def clock() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def since(began: tuple[float, float], prefix: str = "") -> dict[str, int]:
    """Milliseconds by the wall and of the processor; others may have used it meanwhile."""
    wall, cpu = (round((now - then) * 1_000) for now, then in zip(clock(), began, strict=True))
    return {f"{prefix}ms": wall, f"{prefix}cpu_ms": cpu}


def people() -> list[Persona]:
    return [Persona("bench", f"p{number}") for number in range(PEOPLE)]


def wallet(number: int) -> str:
    return f"0x{number + 1:040x}"


def contributions(everybody: list[Persona]) -> Iterator[Contribution]:
    chance = random.Random(7)
    for number in range(CONTRIBUTIONS):
        author, receiver = chance.choice(everybody), chance.choice(everybody)
        kind = chance.choice(KINDS)
        at = START + chance.randrange(DAYS * 86_400)
        twin = chance.getrandbits(62) if kind == "WRITE" else 0
        whom = None if kind == "WRITE" else receiver
        yield Contribution(at, "bench", kind, f"c{number}", author, whom, twin)


def payments() -> list[Payment]:
    chance = random.Random(8)
    return [
        Payment(START + n, f"t{n}", wallet(chance.randrange(PEOPLE)),
                wallet(chance.randrange(PEOPLE)), "0x" + "0" * 40, 10**15)
        for n in range(20_000)
    ]  # fmt: skip


def scoring() -> dict[str, int]:
    """The pure function alone; making up the contributions is not counted."""
    everybody = people()
    made = list(contributions(everybody))
    links = {who: wallet(number) for number, who in enumerate(everybody)}
    began = clock()
    found = score(load_rules(), Epoch(1, START, END), made, payments(), links)
    figures = since(began)
    assert len(found.points) == PEOPLE
    return {"contributions": CONTRIBUTIONS, "people": PEOPLE, **figures}


def tree() -> dict[str, int]:
    amounts = {wallet(number): 10**18 + number for number in range(LEAVES)}
    began = clock()
    made = Tree(leaves(1, POOL, 1, amounts))
    figures = since(began)
    assert len(made.root) == 32
    return {"leaves": LEAVES, **figures}


def closing() -> dict[str, int]:
    """From a CSV file to an epoch's document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "all.csv"
        with path.open("w") as file:
            file.write("source,kind,id,author,at,target,to\n")
            target = ""
            for number, one in enumerate(contributions(people())):
                # Half of the reactions name whom they praise, half what.
                to = one.receiver.nickname if one.receiver and number % 2 else ""
                what = target if one.receiver and not to else ""
                target = one.id if one.kind == "WRITE" else target
                row = (one.kind, one.id, one.author.nickname, one.at, what, to)
                file.write("bench," + ",".join(map(str, row)) + "\n")
        rules = load_rules()
        with open_store(Path(folder) / "store", make=True) as store:
            began = clock()
            import_file(store, path, rules.kinds, END)
            figures = since(began, "import_")
            began = clock()
            terms = Terms(1, START, END, 10**24, 1, POOL)
            document = close(store, rules, terms, None, Market(payments=tuple(payments())))
            figures |= since(began, "close_")
    assert document["inputs"]["contributions"]["count"] > CONTRIBUTIONS * 9 // 10
    return {"contributions": CONTRIBUTIONS, **figures}


def _items() -> Iterator[bytes]:
    number = 0
    body = "Words that somebody wrote. " * 150
    while True:
        number += 1
        day = datetime.fromtimestamp(START + number, UTC).strftime("%Y-%m-%d %H:%M:%S")
        yield (
            f"<item><dc:creator>a{number % 5000}</dc:creator><wp:post_id>{number}</wp:post_id>"
            f"<wp:post_date_gmt>{day}</wp:post_date_gmt><wp:status>publish</wp:status>"
            f"<wp:post_type>post</wp:post_type><content:encoded>{number} {body}</content:encoded>"
            f"</item>\n"
        ).encode()


def _wordpress(path: Path) -> None:
    with path.open("wb") as file:
        file.write(
            b'<rss xmlns:wp="http://wordpress.org/export/1.2/" '
            b'xmlns:dc="http://purl.org/dc/elements/1.1/" '
            b'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            b"<wp:base_blog_url>https://bench.example</wp:base_blog_url>\n"
        )
        for item in _items():
            file.write(item)
            if file.tell() >= EXPORT_BYTES:
                break
        file.write(b"</channel></rss>")


def _ghost(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'{"db":[{"data":{"posts":[\n')
        number = 0
        while file.tell() < EXPORT_BYTES:
            number += 1
            at = datetime.fromtimestamp(START + number, UTC).isoformat()
            post = {"id": number, "status": "published", "author_id": number % 5000,
                    "published_at": at, "html": f"{number} " + "words " * 700}  # fmt: skip
            file.write((",\n" if number > 1 else "").encode() + json.dumps(post).encode())
        users = [{"id": n, "slug": f"a{n}"} for n in range(5000)]
        file.write(b'\n],"users":' + json.dumps(users).encode() + b"}}]}")


def _imported(write: Callable[[Path], None]) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        write(path)
        with open_store(Path(folder) / "store", make=True) as store:
            began = clock()
            made = import_file(store, path, load_rules().kinds, 2**33, source="bench.example")
            figures = since(began)
        size = path.stat().st_size
    assert made.new.total() == made.total
    return {"bytes": size, "pieces": made.total, **figures}


def importing_xml() -> dict[str, int]:
    return _imported(_wordpress)


def importing_json() -> dict[str, int]:
    return _imported(_ghost)


PARTS: dict[str, Callable[[], dict[str, int]]] = {
    "score": scoring,
    "tree": tree,
    "close": closing,
    "import_wordpress": importing_xml,
    "import_ghost": importing_json,
}


def main(names: list[str]) -> None:
    if len(names) == 2 and names[0] == "--part":
        figures = PARTS[names[1]]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({**figures, "peak_bytes": peak}))
        return
    known: dict[str, object] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    known["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    for name in names or PARTS:
        command = [sys.executable, "-m", "bench.portal", "--part", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        known[name] = json.loads(done.stdout)
        print(name, known[name], flush=True)
        FIGURES.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
