"""The first model: from nothing to a small talk within minutes, on any machine, from the bundled sample."""

from __future__ import annotations

from minimind.assets import SAMPLE
from minimind.job import Budget
from minimind.recipes.recipe import Recipe, Stage
from minimind.text import N_

# Steps decide how good it gets, minutes how long it may take: a machine that is fast enough makes the same
# model in less time, a slow one makes a smaller number of steps with the whole schedule in them.
# The sample's texts are short, and small steps give more updates in the same time. The rates are high because
# the sample is all there is to know.
SHORT = {"seq_len": 256, "tokens_per_step": 2048, "eval_every": 0, "save_every": 0, "sample_every": 200}

FIRST = Recipe(
    name="first",
    title=N_("My first model"),
    summary=N_("Learns to write, then to answer, from the sample that comes with the program."),
    model="mini",
    data_dir=SAMPLE,
    stages=(
        Stage(
            name="pretrain",
            method="pretrain",
            data=("pretrain.jsonl",),
            settings=SHORT | {"lr": 4e-3, "sample_prompts": ["从前", "Once upon a time"]},
            budget=Budget(steps=400, minutes=2.3),
        ),
        Stage(
            name="sft",
            method="sft",
            data=("chat.jsonl",),
            settings=SHORT | {"lr": 2.5e-3, "sample_prompts": ["你是谁？", "Who are you?"]},
            budget=Budget(steps=520, minutes=3.1),
        ),
    ),
)
