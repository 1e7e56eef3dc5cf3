"""What a person does with a model: trainings, conversations, exports."""

from __future__ import annotations

from minimind.glossary.term import Term
from minimind.text import N_

TERMS = (
    Term(
        key="run",
        word=N_("Run"),
        text=N_(
            "One training that was started: its settings, its curve and its checkpoints lie together in"
            " one folder. A run can be stopped and resumed as often as you like."
        ),
        also=("checkpoint", "resume", "step"),
    ),
    Term(
        key="project",
        word=N_("Project"),
        text=N_("A folder with everything that belongs together: data, runs, conversations and exports."),
        also=("run",),
    ),
    Term(
        key="recipe",
        word=N_("Recipe"),
        text=N_(
            "Several stages of training that belong together, one after the other, with fitting settings."
        ),
        also=("pretrain", "sft"),
    ),
    Term(
        key="pretrain",
        word=N_("Pretraining"),
        text=N_(
            "The first training: the model reads plain text and learns to guess the next token."
            " Afterwards it can go on writing a text, but does not answer questions yet."
        ),
        also=("sft", "token", "base_model"),
    ),
    Term(
        key="sft",
        word=N_("Chat tuning"),
        expert="supervised fine-tuning (SFT)",
        text=N_(
            "Training on conversations after pretraining. Only the assistant's words count, so the model"
            " learns to answer instead of going on with the question."
        ),
        also=("pretrain", "loss_mask"),
    ),
    Term(
        key="base_model",
        word=N_("Base model"),
        text=N_("A model that was only pretrained: it goes on writing what you begin, but does not answer."),
        also=("pretrain", "sft"),
    ),
    Term(
        key="loss_mask",
        word=N_("What is trained"),
        expert="loss mask",
        text=N_(
            "In conversations only some tokens count for the loss: those the assistant says. The others"
            " are read but not learned, so the model learns to answer, not to ask."
        ),
        also=("sft", "loss"),
    ),
    Term(
        key="sample",
        word=N_("What it says now"),
        expert="sample",
        names=("sample_every", "sample_prompts"),
        text=N_(
            "From time to time the model goes on with a few fixed beginnings. You can watch nonsense turn"
            " into sentences long before the loss tells you much."
        ),
        also=("loss",),
    ),
    Term(
        key="checkpoint",
        word=N_("Checkpoint"),
        names=("save_every",),
        text=N_(
            "The whole state of a training on disk at one step. You can chat with it, resume from it,"
            " start a branch from it or export it."
        ),
        also=("resume", "branch", "keep_checkpoints"),
    ),
    Term(
        key="keep_checkpoints",
        word=N_("Checkpoints kept"),
        text=N_(
            "How many of the newest checkpoints stay on disk. The best one and starred ones stay in any case."
        ),
        also=("checkpoint",),
    ),
    Term(
        key="resume",
        word=N_("Resume"),
        text=N_(
            "Go on with the same run from its last checkpoint, with the same settings: the curve goes on"
            " as if it had never stopped."
        ),
        also=("checkpoint", "branch"),
    ),
    Term(
        key="branch",
        word=N_("Branch"),
        text=N_(
            "A new run that begins with the settings or a checkpoint of another, so that you can change"
            " something and compare."
        ),
        also=("resume", "checkpoint"),
    ),
    Term(
        key="temperature",
        word=N_("Temperature"),
        text=N_(
            "How daring the model picks its next token. At 0 it always takes the likeliest; around 0.8 it"
            " varies; far above 1 it talks nonsense."
        ),
        also=("top_p",),
    ),
    Term(
        key="top_p",
        word="Top-p",
        expert="nucleus sampling",
        text=N_(
            "Only the likeliest tokens that together reach this share are picked from. 0.9 leaves out the"
            " odd ones at the end of the list."
        ),
        also=("temperature",),
    ),
    Term(
        key="system_prompt",
        word=N_("System prompt"),
        names=("system",),
        text=N_(
            "Words before the conversation that say how the model should behave. Small models follow it"
            " loosely."
        ),
        also=("sft",),
    ),
    Term(
        key="export",
        word=N_("Export"),
        expert="GGUF, Hugging Face",
        names=("gguf",),
        text=N_(
            "Writes a checkpoint in the format of other programs: GGUF for llama.cpp, Ollama and LM"
            " Studio, a Hugging Face folder for Python."
        ),
        also=("quantization", "checkpoint"),
    ),
    Term(
        key="quantization",
        word=N_("Quantisation"),
        names=("quant",),
        text=N_(
            "Stores the parameters with fewer bits. Q8_0 needs about half of F16 and answers almost the"
            " same; Q4_0 is smaller still and a little less bright."
        ),
        also=("export", "precision"),
    ),
)
