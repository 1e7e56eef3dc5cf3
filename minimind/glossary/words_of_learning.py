"""How a model learns: losses, steps, rates."""

from __future__ import annotations

from minimind.glossary.term import Term
from minimind.text import N_

TERMS = (
    Term(
        key="loss",
        word=N_("Training loss"),
        expert="cross-entropy",
        text=N_(
            "How surprised the model is by the next token, on the text it trains on; lower is better. A"
            " loss of 2.5 is like guessing among 12 equally likely tokens, since e to the power of 2.5 is"
            " about 12."
        ),
        also=("val_loss", "smoothing", "vocabulary"),
    ),
    Term(
        key="val_loss",
        word=N_("Held-out loss"),
        expert="validation loss",
        names=("eval_every", "best_val_loss"),
        text=N_(
            "The loss on text that was set aside and never trained on. While it falls, the model learns"
            " something that holds for new text; when it rises and the training loss still falls, the"
            " model learns by heart."
        ),
        also=("held_out", "loss", "overfitting"),
    ),
    Term(
        key="held_out",
        word=N_("Held-out set"),
        expert="validation set",
        text=N_(
            "A small part of the data, about 1%, that is not trained on. With it you can see what the"
            " model does with text it has never met."
        ),
        also=("val_loss",),
    ),
    Term(
        key="overfitting",
        word=N_("Learning by heart"),
        expert="overfitting",
        text=N_(
            "The model remembers its training text instead of what texts have in common: the training"
            " loss goes on falling and the held-out loss rises. More data or fewer passes help."
        ),
        also=("val_loss", "epoch"),
    ),
    Term(
        key="bits_per_byte",
        word=N_("Bits per byte"),
        text=N_(
            "The held-out loss counted for each byte of text instead of each token. So models with"
            " different tokenizers can be compared."
        ),
        also=("val_loss", "tokenizer"),
    ),
    Term(
        key="smoothing",
        word=N_("Smoothing"),
        expert="exponential moving average",
        text=N_(
            "The loss of single steps jumps, because each sees other text. The smoothed curve is a moving"
            " average that shows where it is going; the raw curve stays visible behind it."
        ),
        also=("loss",),
    ),
    Term(
        key="step",
        word=N_("Step"),
        names=("steps", "total_steps"),
        text=N_(
            "One update of the model: it looks at some text, measures the loss and changes its parameters"
            " a little."
        ),
        also=("tokens_per_step", "lr", "micro_batch"),
    ),
    Term(
        key="epoch",
        word=N_("Pass"),
        expert="epoch",
        names=("epochs",),
        text=N_(
            "Once through all training data. Few passes over much text teach more than many over little."
        ),
        also=("step", "overfitting"),
    ),
    Term(
        key="budget",
        word=N_("Length of training"),
        text=N_("When the run ends: after so many steps, passes over the data, or minutes."),
        also=("step", "epoch"),
    ),
    Term(
        key="lr",
        word=N_("Learning rate"),
        names=("learning_rate",),
        text=N_(
            "How far each step changes the parameters. Too small and training takes for ever; too large"
            " and the loss jumps or becomes NaN."
        ),
        also=("warmup_steps", "decay", "nan"),
    ),
    Term(
        key="warmup_steps",
        word=N_("Warm-up"),
        text=N_(
            "In the first steps the learning rate rises from almost nothing to its full value, because a"
            " model with random parameters is thrown off course by large changes."
        ),
        also=("lr", "decay"),
    ),
    Term(
        key="decay",
        word=N_("Decay"),
        expert="warm-up, stable, decay",
        text=N_(
            "The last part of the training, in which the learning rate falls to zero. The loss drops"
            " visibly there, because small steps settle what large ones overshot."
        ),
        also=("lr", "warmup_steps"),
    ),
    Term(
        key="tokens_per_step",
        word=N_("Tokens per step"),
        expert="batch size",
        text=N_(
            "How much text one step looks at. More makes each step steadier and slower; the memory it"
            " needs is set by the micro-batch, not by this."
        ),
        also=("micro_batch", "step"),
    ),
    Term(
        key="micro_batch",
        word=N_("Micro-batch"),
        names=("grad_accum",),
        text=N_(
            "How many rows go through the model at once. A step is made of as many micro-batches as it"
            " needs, so a smaller one saves memory and changes nothing in what is learned."
        ),
        also=("tokens_per_step", "memory"),
    ),
    Term(
        key="optimizer",
        word=N_("Optimizer"),
        expert="AdamW, Muon",
        text=N_(
            "The rule that turns gradients into changes of the parameters. AdamW is what most models are"
            " trained with; Muon treats whole matrices at once and often needs fewer steps."
        ),
        also=("gradient", "lr"),
    ),
    Term(
        key="gradient",
        word=N_("Gradient"),
        names=("grad_norm",),
        text=N_(
            "For each parameter, in which direction the loss rises; a step goes the other way. Its length"
            " (the norm) shows how calm the training is: sudden peaks are a warning."
        ),
        also=("clip", "optimizer"),
    ),
    Term(
        key="clip",
        word=N_("Gradient clipping"),
        text=N_(
            "A gradient that is too long is shortened before the step, so that one odd piece of text"
            " cannot throw the model off course."
        ),
        also=("gradient",),
    ),
    Term(
        key="weight_decay",
        word=N_("Weight decay"),
        text=N_(
            "Every step also pulls the parameters a little towards zero. It keeps them from growing"
            " without need."
        ),
        also=("optimizer",),
    ),
    Term(
        key="nan",
        word="NaN",
        expert="not a number",
        text=N_(
            "The result of a computation that has none, such as zero divided by zero. A loss that is NaN"
            " means that training went off course, most often because the learning rate was too high."
        ),
        also=("lr", "clip"),
    ),
    Term(
        key="seed",
        word=N_("Seed"),
        text=N_(
            "The number from which all chance in a run comes: first parameters, order of the data, words"
            " in samples. The same seed on the same machine gives the same run."
        ),
        also=("run",),
    ),
    Term(
        key="log_every",
        word=N_("Log every"),
        text=N_("How often a point of the curve is written. On a processor every step is."),
        also=("step",),
    ),
)
