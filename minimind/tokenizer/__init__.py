"""Text to token ids and back, and conversations to token ids with a loss mask. Never imports torch.

tokenizer.Tokenizer.load(folder) -> Tokenizer           BadInput on damage, caps on every size
    .vocab_size .bos_id .eos_id .pad_id                 ints
    .hash .template_hash                                hex: what decides ids, and a chat's text
    .encode_texts(texts) -> list[list[int]]             nothing in the texts can become a control token
    .encode_document(text) -> list[int]                 bos + text + eos
    .encode_chat(messages, tools=None) -> EncodedChat   ids and the spans of them that are trained
    .encode_chats(conversations) -> list[EncodedChat | ConversationProblem]
    .chat_prompt(messages, tools=None, open_thinking=False) -> list[int]
    .decode(ids, skip_special=True) -> str
    .stream_decoder(skip_special=True) -> StreamDecoder .push(id) -> str  .finish() -> str
    .files() -> dict[name, bytes]                       tokenizer.json and two _config.json
    .save(folder)                                       writes those into an existing folder
train.train_tokenizer(files, out, vocab_size=6400, ...) byte-level BPE from data files
conversation.normalise(row) -> Conversation             any known way to write a conversation
"""
