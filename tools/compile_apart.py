"""Makes Brownie compile each contract that is deployed by itself, from the sources that it needs.

By way of IR, what solc makes of a contract depends on the numbers that it gives to everything in
its sources, and so on which other sources are there. Compiled all together, a new mock would change
the code that is deployed, and nobody who holds a contract's own sources could compile it again.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

FOLDER = "contracts"
COMPILERS = 2


def install(root: Path) -> None:
    """Takes the place of Brownie's own way; before it loads a project."""
    from brownie.project import compiler

    from dokkaebi.deploy.sources import Sources, keep

    sources = Sources(root)
    compile_together = compiler.compile_and_format
    run = compiler.compile_from_input_json

    def compile_apart(contract_sources: Mapping[str, str], *rest: Any, **more: Any) -> Any:
        alone = {path for path in contract_sources if Path(path).parent.as_posix() == FOLDER}
        others = {path: text for path, text in contract_sources.items() if path not in alone}
        groups = [others, *({path: contract_sources[path]} for path in sorted(alone))]
        with ThreadPoolExecutor(COMPILERS) as pool:
            made, *found = pool.map(lambda group: compile_together(group, *rest, **more), groups)
        for path, contracts in zip(sorted(alone), found, strict=True):
            made[Path(path).stem] = contracts[Path(path).stem]
        return made

    def run_whole(input_json: Mapping[str, Any], *rest: Any, **more: Any) -> Any:
        """With every imported source given, as in the inputs that are published: those that the
        compiler has to look for are numbered in another order."""
        whole = copy.deepcopy(dict(input_json))
        given = list(whole["sources"])
        for path in given:
            for name, text in sources.needed(path).items():
                whole["sources"].setdefault(name, {"content": text})
        if len(given) == 1:
            # Code of nothing else, since it takes long.
            wanted = whole["settings"]["outputSelection"]["*"]
            selection = {given[0]: {"*": wanted["*"]}, "*": {"": wanted[""]}}
            whole["settings"]["outputSelection"] = selection
        answer = run(whole, *rest, **more)
        if len(given) == 1:
            # Who compares a deployment with its sources compiles the same input.
            keep(sources, Path(given[0]).stem, answer)
        return answer

    compiler.compile_and_format = compile_apart
    compiler.compile_from_input_json = run_whole
