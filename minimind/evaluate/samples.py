"""What it says now: short continuations at intervals, from a random generator of their own."""

from __future__ import annotations

import torch

from minimind.methods import Needs
from minimind.model.sampling import generate
from minimind.model.transformer import Transformer
from minimind.tokenizer.tokenizer import Tokenizer
from minimind.training.precision import Precision

MAX_NEW_TOKENS = 64


def speak(
    model: Transformer, tokenizer: Tokenizer, prompt: str, *, needs: Needs, precision: Precision, seed: int
) -> str:
    """Continue a prompt: as plain text, or as the answer to a user where the model learns chats.

    Args:
        model: left in the mode it was in.
        needs: what the model is being trained on.
        seed: of the sample alone, so that listening does not change the run.

    Returns:
        The new text; the prompt is not part of it.
    """
    if needs is Needs.TEXT:
        ids = [tokenizer.bos_id, *tokenizer.encode_texts([prompt])[0]]
    else:
        ids = tokenizer.chat_prompt([{"role": "user", "content": prompt}])
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), precision.autocast():
            new = list(
                generate(
                    model,
                    ids[-(model.config.max_positions - MAX_NEW_TOKENS) :],
                    max_new_tokens=MAX_NEW_TOKENS,
                    temperature=0.7,
                    top_p=0.9,
                    generator=torch.Generator().manual_seed(seed),
                    eos_id=tokenizer.eos_id,
                )
            )
    finally:
        model.train(was_training)
    return tokenizer.decode(new)
