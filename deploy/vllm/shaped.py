"""A folder with the shape of Llama-3.1-8B and no weights, to measure a GPU's real throughput where there are none.

    python -m deploy.vllm.shaped --out var/models/llama-3.1-8b-shaped
    python -m deploy.vllm.serve --model var/models/llama-3.1-8b-shaped --load-format dummy

vLLM fills the weights at random: what it computes and moves is what the model would, what it writes means nothing. The
tokenizer and chat template are the embedded model's, and the vocabulary is cut to it.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.vllm.export import SMOLLM2, ExportFailed, export
from deploy.vllm.serve import EMBEDDED

_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a Llama, by the names of its `config.json`.

    The defaults are Llama-3.1-8B's (Grattafiori et al. 2024, "The Llama 3 Herd of Models", table 3).
    """

    hidden_size: int = 4096
    intermediate_size: int = 14336
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = 8
    vocab_size: int = 128256
    max_position_embeddings: int = 131072

    @property
    def head_dim(self) -> int:
        """Numbers of one head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def parameters(self) -> int:
        """Weights, with input and output embeddings of their own."""
        attention = 2 * self.hidden_size * self.head_dim * (self.num_attention_heads + self.num_key_value_heads)
        layer = attention + 3 * self.hidden_size * self.intermediate_size + 2 * self.hidden_size
        return self.num_hidden_layers * layer + 2 * self.vocab_size * self.hidden_size + self.hidden_size

    def kv_bytes(self, bytes_a_number: int = 2) -> int:
        """Bytes of keys and values that one token holds in the cache."""
        return 2 * self.num_hidden_layers * self.num_key_value_heads * self.head_dim * bytes_a_number


def write_shaped(out: Path, tokenizer: Path, shape: Shape | None = None) -> Shape:
    """Write the folder: `config.json` and the tokenizer of the folder `tokenizer`; the shape as it was written.

    Raises:
        FileNotFoundError: `tokenizer` holds none.
    """
    own = json.loads((tokenizer / "config.json").read_text(encoding="utf-8"))
    shape = shape or Shape(vocab_size=own["vocab_size"])
    out.mkdir(parents=True, exist_ok=True)
    for name in _TOKENIZER:
        if (tokenizer / name).exists():
            shutil.copyfile(tokenizer / name, out / name)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "bfloat16",
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "tie_word_embeddings": False,
        **{key: own.get(key) for key in ("bos_token_id", "eos_token_id", "pad_token_id")},
        **asdict(shape),
    }
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    return shape


def main() -> int:
    """Write the folder."""
    parser = argparse.ArgumentParser(
        description="Make a folder with Llama-3.1-8B's shape, to be served with dummy weights."
    )
    parser.add_argument("--out", type=Path, default=Path("var/models/llama-3.1-8b-shaped"), help="folder to make")
    out: Path = parser.parse_args().out
    try:
        export(SMOLLM2, EMBEDDED)
    except ExportFailed as e:
        print(f"no tokenizer: {e}", file=sys.stderr)
        return 1
    shape = write_shaped(out, EMBEDDED)
    print(f"{out}: {shape.parameters / 1e9:.2f} billion weights, {shape.kv_bytes() // 1024} KiB of cache a token")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
