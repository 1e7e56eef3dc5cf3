"""What a model is made of, and what it reads."""

from __future__ import annotations

from minimind.glossary.term import Term
from minimind.text import N_

TERMS = (
    Term(
        key="token",
        word=N_("Token"),
        names=("tokens",),
        text=N_(
            "The piece of text a model reads and writes: a common word, a part of a word, or a single"
            " character. The tokenizer cuts text into tokens; this model's tokenizer knows 6,400 of them."
        ),
        also=("tokenizer", "seq_len", "vocabulary"),
    ),
    Term(
        key="tokenizer",
        word=N_("Tokenizer"),
        expert="byte-level BPE",
        text=N_(
            "Cuts text into tokens and joins tokens into text again. It was made from text too: pieces"
            " that often stand together became one token. A model works only with the tokenizer it was"
            " trained with."
        ),
        also=("token", "vocabulary"),
    ),
    Term(
        key="vocabulary",
        word=N_("Vocabulary"),
        text=N_(
            "All tokens that the tokenizer knows. At each place the model gives every one of them a"
            " chance to come next."
        ),
        also=("token", "loss"),
    ),
    Term(
        key="parameters",
        word=N_("Parameters"),
        names=("weights",),
        text=N_(
            "The numbers in the model that training changes. More of them can hold more, but need more"
            " memory, more data and more time."
        ),
        also=("tokens_per_parameter", "checkpoint"),
    ),
    Term(
        key="tokens_per_parameter",
        word=N_("Tokens per parameter"),
        text=N_(
            "How much text the model sees for its size. About 20 is a good rule for pretraining: with far"
            " less the model could still learn, with far more a larger model would do better."
        ),
        also=("parameters", "token"),
    ),
    Term(
        key="seq_len",
        word=N_("Sequence length"),
        expert="context length",
        text=N_(
            "How many tokens the model sees at once while training. Longer means it can keep longer texts"
            " in view, and needs more memory."
        ),
        also=("token", "packing"),
    ),
    Term(
        key="packing",
        word=N_("Packing"),
        text=N_(
            "Short texts are laid end to end in one row, so that little of it stays empty. The model"
            " looks at each text for itself; neighbours in the row do not see each other."
        ),
        also=("seq_len",),
    ),
    Term(
        key="moe",
        word=N_("Experts"),
        expert="mixture of experts (MoE)",
        names=("aux",),
        text=N_(
            "Several feed-forward blocks side by side, of which each token uses only one or two. So a"
            " model can hold more without computing more."
        ),
        also=("parameters",),
    ),
    Term(
        key="precision",
        word=N_("Precision"),
        expert="float32, bf16, fp16",
        text=N_(
            "With how many bits the model computes. bf16 takes half the memory of float32 and is faster"
            " on cards that have it; checkpoints are always stored in float32."
        ),
        also=("memory",),
    ),
    Term(
        key="compile",
        word=N_("Compile"),
        expert="torch.compile",
        text=N_(
            "Before the first step PyTorch turns the model into faster code. That takes about a minute"
            " and pays off in long runs."
        ),
    ),
    Term(
        key="device",
        word=N_("Device"),
        names=("gpu",),
        text=N_(
            "Where the training computes: on the processor (CPU) or on a graphics card (GPU), which is"
            " many times faster."
        ),
        also=("memory",),
    ),
    Term(
        key="memory",
        word=N_("Memory"),
        expert="VRAM, RAM",
        names=("vram", "ram"),
        text=N_(
            "A training needs room for the parameters, their gradients, the optimizer's notes and the"
            " numbers in between. What is computed on the graphics card has to fit into the card's own"
            " memory (VRAM)."
        ),
        also=("micro_batch", "precision"),
    ),
    Term(
        key="tokens_per_s",
        word=N_("Speed"),
        expert="throughput",
        text=N_("How many tokens the training gets through in a second, without starting up and saving."),
        also=("token", "compile"),
    ),
)
