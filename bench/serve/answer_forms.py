"""What the form of an answer costs a server that enforces it: `python -m bench.serve.answer_forms TOKENIZER`.

`TOKENIZER` is the folder of a model. Runs xgrammar, with which vLLM enforces JSON, on one core; needs the extra `vllm`.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

REPEATS = 5
SAID = (
    "The patient has atrial fibrillation on apixaban 5 mg BID, rate controlled, with no bleeding reported since then."
)
FORMS: Mapping[str, Mapping[str, Any]] = {
    "a string": {"type": "string"},
    "minLength": {"type": "string", "minLength": 1},
    "minLength and maxLength": {"type": "string", "minLength": 1, "maxLength": 600},
}


def main(arguments: Sequence[str]) -> int:
    """Print for each form the milliseconds of compiling it, and the microseconds of a token by median and mean."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.serve.answer_forms",
        description="What the form of an answer costs a server that enforces it.",
    )
    parser.add_argument("tokenizer", metavar="TOKENIZER", help="folder of a model")
    options = parser.parse_args(arguments)
    import xgrammar as xg
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
    info = xg.TokenizerInfo.from_huggingface(tokenizer)
    for name, statement in FORMS.items():
        # No cache: every form is compiled as a server meets it for the first time.
        compiler = xg.GrammarCompiler(info, max_threads=1, cache_enabled=False)
        began = time.process_time()
        grammar = compiler.compile_json_schema(_schema(statement), any_whitespace=False)
        compiled_ms = (time.process_time() - began) * 1000
        tokens_us = [us for _ in range(REPEATS) for us in _tokens_us(xg, grammar, info.vocab_size, tokenizer)]
        median, mean = statistics.median(tokens_us), statistics.mean(tokens_us)
        print(f"{name}: compiled in {compiled_ms:.0f} ms, a token {median:.0f} µs (mean {mean:.0f})")  # noqa: T201
    return 0


def _schema(statement: Mapping[str, Any]) -> str:
    return orjson.dumps(
        {
            "type": "object",
            "properties": {"statement": statement},
            "required": ["statement"],
            "additionalProperties": False,
        }
    ).decode()


def _tokens_us(xg: Any, grammar: Any, vocabulary: int, tokenizer: Any) -> list[float]:
    """The time of each token of an answer: accepting it, and saying which may follow."""
    matcher, allowed = xg.GrammarMatcher(grammar), xg.allocate_token_bitmask(1, vocabulary)
    matcher.fill_next_token_bitmask(allowed)
    taken: list[float] = []
    for token in tokenizer.encode(f'{{"statement": "{SAID}"}}', add_special_tokens=False):
        began = time.perf_counter()
        if not matcher.accept_token(token):
            raise RuntimeError("the form does not take the answer")
        if not matcher.is_terminated():
            matcher.fill_next_token_bitmask(allowed)
        taken.append((time.perf_counter() - began) * 1e6)
    return taken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
