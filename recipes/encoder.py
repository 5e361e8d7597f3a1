"""The encoder that the quickstart's student starts from: three of MiniLM's six layers, healed.

``python -m recipes.encoder --data DIR`` cuts layers out of MiniLM and distils MiniLM's own hidden
states back into them on plain text. No label of any kind is read, so a student that starts here
owes what it knows of safety to its teacher alone. The figure to watch is agreement on held-out
text: the mean cosine between the mean-pooled last hidden states of student and MiniLM.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from transformers import BertConfig, BertModel

from harmaug.distill.compute import choose_compute
from recipes.minilm import minilm_folder
from recipes.sources import open_files, read_rows
from recipes.warm_start import TOKENIZER, float8, minilm_weights, save_weights

FOLDER = Path("models/encoder")
LAYERS = (0, 3, 5)
TEACHER_LAYERS = tuple(range(6))
# Hidden states matched: the student's three layers are to do the work of two layers of MiniLM each.
MATCHED = ((1, 2), (2, 4), (3, 6))
MAX_TOKENS = 160
BATCH = 48
LEARNING_RATE = 4e-4
SEED = 7

log = logging.getLogger(__name__)


def bert(minilm: Path, layers: Sequence[int]) -> BertModel:
    """A float32 ``BertModel`` with these layers of MiniLM and the trimmed vocabulary."""
    state = minilm_weights(minilm, layers)
    config = BertConfig.from_pretrained(minilm)
    config.vocab_size = len(state["embeddings.word_embeddings.weight"])
    config.num_hidden_layers = len(layers)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    model = BertModel(config)
    model.load_state_dict(state)
    return model


def texts(data: Path) -> list[str]:
    """Every distinct prompt and response of the open files, as text alone, in file order."""
    seen: dict[str, None] = {}
    for name in open_files(data):
        for row in read_rows(data, name):
            for text in (row.prompt, row.response):
                if text and len(text) > 20:
                    seen.setdefault(text)
    return list(seen)


def batches(encoded: list[list[int]], rng: random.Random) -> list[tuple[Tensor, Tensor]]:
    """Ids and masks (batch, tokens) of rows of like length, in random order."""
    order = sorted(range(len(encoded)), key=lambda i: (len(encoded[i]) // 8, rng.random()))
    groups = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    rng.shuffle(groups)
    result = []
    for group in groups:
        width = max(len(encoded[i]) for i in group)
        ids = torch.tensor([encoded[i] + [0] * (width - len(encoded[i])) for i in group])
        result.append((ids, (ids != 0).long()))
    return result


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """Mean over real tokens: (batch, tokens, width) to (batch, width)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


@torch.no_grad()
def agreement(student: BertModel, teacher: BertModel, held: list[tuple[Tensor, Tensor]]) -> float:
    """Mean cosine between the pooled last states of student and teacher."""
    student.train(False)
    cosines = []
    for ids, mask in held:
        pooled = [mean_pool(m(ids, attention_mask=mask)[0], mask) for m in (student, teacher)]
        cosines.append(functional.cosine_similarity(pooled[0], pooled[1]))
    student.train()
    return float(torch.cat(cosines).mean())


def heal(
    student: BertModel, teacher: BertModel, train: list[tuple[Tensor, Tensor]], minutes: float
) -> int:
    """Distil for some minutes, the learning rate falling with the clock; returns the steps."""
    optimizer = torch.optim.AdamW(student.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    compute = choose_compute("auto")
    started, step = time.monotonic(), 0
    while (spent := (time.monotonic() - started) / 60 / minutes) < 1:
        ids, mask = train[step % len(train)]
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, (step + 1) / 100) * max(0.02, 1 - spent)
        with compute.autocast():
            with torch.no_grad():
                goal = teacher(ids, attention_mask=mask, output_hidden_states=True).hidden_states
            mine = student(ids, attention_mask=mask, output_hidden_states=True).hidden_states
        real = mask.bool()
        loss = torch.zeros(())
        for at, target in MATCHED:
            mse = functional.mse_loss(mine[at][real].float(), goal[target][real].float())
            loss = loss + mse / goal[target][real].float().var()
        pooled = mean_pool(mine[-1].float(), mask), mean_pool(goal[-1].float(), mask)
        loss = loss + 2 * (1 - functional.cosine_similarity(*pooled)).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 100 == 0:
            log.info("step %d, %.0f%% of the time, loss %.4f", step, 100 * spent, loss.item())
    return step


def main() -> None:
    """Cut, heal, round to 8 bits, measure, write ``FOLDER``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("build/recipes"))
    parser.add_argument("--minutes", type=float, default=12.0, help="0: the untouched slices")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(SEED)
    minilm = minilm_folder(arguments.cache)
    teacher, student = bert(minilm, TEACHER_LAYERS).train(False), bert(minilm, LAYERS).train()
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.enable_truncation(MAX_TOKENS)
    encoded = [e.ids for e in tokenizer.encode_batch(texts(arguments.data))]
    rng = random.Random(SEED)
    rng.shuffle(encoded)
    held, train = batches(encoded[:960], rng), batches(encoded[960:], rng)
    log.info("agreement of the slices: %.4f", agreement(student, teacher, held))
    if arguments.minutes:
        steps = heal(student, teacher, train, arguments.minutes)
        log.info("agreement after %d steps: %.4f", steps, agreement(student, teacher, held))
    for parameter in student.parameters():
        parameter.data = float8(parameter.data).float()
    log.info("agreement in 8 bits: %.4f", agreement(student, teacher, held))
    arguments.out.mkdir(parents=True, exist_ok=True)
    student.config.architectures = ["BertModel"]
    student.config.dtype = "float32"
    # Healing has text without end and needs no dropout; fine-tuning on little data does.
    student.config.hidden_dropout_prob = student.config.attention_probs_dropout_prob = 0.1
    student.config.save_pretrained(arguments.out)
    save_weights(student, arguments.out)


if __name__ == "__main__":
    main()
