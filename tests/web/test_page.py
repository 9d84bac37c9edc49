"""Runs the browser's tests on a served market: `node --test` for each file, and the examples."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dokkaebi.chain.documents import (
    CHUNK_BYTES,
    FileDigest,
    content_commitment,
    creation_cid,
    file_types,
    hash_file,
    make_document,
    mime_type,
)
from dokkaebi.chain.keys import TEST_ADDRESSES
from dokkaebi.config import project_root
from dokkaebi.deploy.artifacts import load_suite
from dokkaebi.web.page import page_folder
from tests.web.market import Served, served_market

ROOT = project_root()
HERE = Path(__file__).parent
# All that the page's reader fetches, packed.
PAGE_BYTES_MAX = 250_000
SECONDS = 600


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_market(tmp_path_factory.mktemp("market")) as served:
        yield served


def node(*words: str, **environment: str) -> str:
    """What a run of Node says; it has to end well."""
    shots = os.environ.get("MARKET_SHOTS", str(ROOT / "var" / "page"))
    done = subprocess.run(
        ["node", *words],
        cwd=ROOT,
        env={**os.environ, "MARKET_SHOTS": shots, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-4_000:]
    return done.stdout


@pytest.mark.parametrize("name", ["sale", "trouble", "looks"])
def test_the_page(market: Served, name: str) -> None:
    node("--test", str(HERE / f"{name}.test.mjs"), **market.environment())


def test_the_page_makes_the_documents_that_python_makes(tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.json"
    vectors.write_text(json.dumps(_vectors(tmp_path)), "utf-8")
    environment = {"VECTORS": str(vectors), "MARKET_FOLDER": str(tmp_path)}
    node("--test", str(HERE / "documents.test.mjs"), **environment)


def _vectors(folder: Path) -> dict[str, object]:
    # A byte, a chunk and one more, two levels of the tree.
    sizes = [1, 1_000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 175 * CHUNK_BYTES + 7]
    files = []
    for size in sizes:
        path = folder / "file"
        path.write_bytes((bytes(range(251)) * (size // 251 + 1))[:size])
        files.append({"size": size, "cid": hash_file(path).cid})
    creator = TEST_ADDRESSES["test"][3]
    words = [
        ("달항아리", "조금 기울어서 좋다.\n\t“”\u007f\u2028", "이도공", "달항아리.png"),
        # As macOS spells it, and half a letter.
        ("\u1103\u1161\u11af", 'a "quoted" \\ thing', "", "b.tar.gz"),
        ("🏺 \ud800 jar", "x" * 900, "Lee", "소리.wav"),
    ]
    documents = []
    for number, (title, description, name, file_name) in enumerate(words):
        digest = FileDigest(5_000_000_000 + number, bytes([number]) * 32, files[number]["cid"])  # type: ignore[arg-type]
        made = make_document(digest, file_name, creator, title, description, name, 500 * number)
        documents.append(
            {
                "size": digest.size,
                "sha256": "0x" + digest.sha256.hex(),
                "cid": digest.cid,
                "file_name": file_name,
                "creator": creator,
                "title": title,
                "description": description,
                "creator_name": name,
                "royalty_bps": 500 * number,
                "text": made.text.decode(),
                "id": str(made.id),
                "id_cid": creation_cid(made.id),
                "commitment": "0x" + content_commitment(digest.sha256, creator).hex(),
            }
        )
    known = file_types()
    endings = [*known["types"], *known["suffixes"], *known["encodings"]]
    names = ["a", ".png", "a.b.c", "..", "a.", "B.PNG", "c.TAR.gz", "d.tgz", "e.svgz", "가.나.Z"]
    names += [f"a{ending}" for ending in endings]
    return {
        "files": files,
        "documents": documents,
        "types": {name: mime_type(name) for name in names},
    }


def test_the_page_is_light() -> None:
    files = [path for path in page_folder().rglob("*") if path.is_file()]
    assert (page_folder() / "index.html") in files
    packed = sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)
    assert packed <= PAGE_BYTES_MAX, packed


# The package


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "viem",
            {
                "creatorIsMaker": True,
                "ownerIsBuyer": True,
                "makerEarned": str(5 * 10**16 * 99 // 100),
                "makerTransactions": 0,
            },
        ),
        ("ethers", {"ownerIsBuyer": True, "sellerGot": str(2 * 10**16 * 99 // 100)}),
    ],
)
def test_the_examples(market: Served, name: str, told: dict[str, object]) -> None:
    place = {"RPC": market.rpc, "MANIFEST": str(market.manifest)}
    said = json.loads(node(f"examples/frontend/{name}.mjs", **place))
    if name == "ethers":
        assert "이미 썼거나 취소해서" in said.pop("refusal")
    assert said == told


def test_the_package_installs_elsewhere_with_its_types(tmp_path: Path) -> None:
    """As somebody else has it: copied, imported by name, its literal types checked."""
    shutil.copytree(ROOT / "frontend-abi", tmp_path / "node_modules" / "dokkaebi-abi")
    (tmp_path / "use.mts").write_text(
        """
import { creationMarketAbi, documents, errorTexts } from "dokkaebi-abi";
const name: "Dokkaebi CreationMarket" = documents.CreationMarket.domain.name;
const field: "seller" = documents.CreationMarket.types.Offer.Offer[0].name;
const text: string = errorTexts.Offer_NotOpen.ko;
type Names = Extract<(typeof creationMarketAbi)[number], { type: "function" }>["name"];
const known: Names = "buyNew";
// @ts-expect-error There is no such function.
const unknown: Names = "rugPull";
console.log(name, field, text, known, unknown);
""",
        "utf-8",
    )
    flags = ["--strict", "--target", "es2022", "--module", "nodenext"]
    tsc = str(ROOT / "node_modules" / "typescript" / "bin" / "tsc")
    done = subprocess.run(
        ["node", tsc, *flags, "--lib", "es2022,dom", "use.mts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    said = subprocess.run(
        ["node", "use.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("Dokkaebi CreationMarket seller ")


def test_documents_are_those_of_the_contracts() -> None:
    """Every exported type is, letter for letter, one that a contract hashes."""
    sources = "".join(
        path.read_text("utf-8")
        for folder in ("contracts", "interfaces", "node_modules/solady/src/tokens")
        for path in (ROOT / folder).rglob("*.sol")
    )
    exported = (ROOT / "frontend-abi" / "documents.js").read_text("utf-8")
    documents = json.loads(exported[exported.index("{") : exported.rindex("}") + 1])
    assert set(documents) <= set(load_suite())
    seen = 0
    for contract in documents.values():
        for name, types in contract["types"].items():
            inner = sorted(set(types) - {name})
            text = "".join(_encoded(part, types[part]) for part in (name, *inner))
            assert text in sources, text
            seen += 1
    assert seen > 20


def _encoded(name: str, members: list[dict[str, str]]) -> str:
    fields = ",".join(" ".join((m["type"], m["name"])) for m in members)
    return f"{name}({fields})"
