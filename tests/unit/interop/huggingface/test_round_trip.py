"""Twenty-four tokenizers, lossy and lossless: what each loses of a few texts."""

import string
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers

from nextword.interop import HuggingFaceTokenizer

META = "\u2581"
SIGNS = [*string.ascii_letters, *string.digits, *" .,!?'-()\n\t", *"éÉﬁ日", "\u0301", META]
TEXTS = {
    "plain": "the cat sat",
    "capitals": "The Cat Sat",
    "lines": "the cat\nsat\n",
    "marks": "don't stop, now. (yes)",
    "blanks": "the  cat   sat",
    "accents": "café É",
    "combining": "cafe\u0301",
    "ligature": "ﬁt",
    "leading": "  the cat",
    "emoji": "a \U0001f642 b",
}


def byte_level(
    normalizer: Any = None,
    *,
    prefix: bool = False,
    decodes: bool = True,
    before: Sequence[Any] = (),
) -> tokenizers.Tokenizer:
    signs = ["</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    made = tokenizers.Tokenizer(models.BPE({sign: number for number, sign in enumerate(signs)}, []))
    last = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    return finish(made, normalizer, [*before, last], decoders.ByteLevel() if decodes else None)


def word_piece(normalizer: Any = None, *, cleanup: bool = True) -> tokenizers.Tokenizer:
    pieces = ["[UNK]", *SIGNS, *(f"##{sign}" for sign in SIGNS), "the", "cat"]
    made = tokenizers.Tokenizer(models.WordPiece(numbered(pieces), unk_token="[UNK]"))
    decoder = decoders.WordPiece(cleanup=cleanup)
    return finish(made, normalizer, [pre_tokenizers.BertPreTokenizer()], decoder)


def characters(
    normalizer: Any = None, decoder: Any = None, **settings: Any
) -> tokenizers.Tokenizer:
    signs = ["<unk>", *SIGNS, *(f"<0x{byte:02X}>" for byte in range(256))]
    made = tokenizers.Tokenizer(models.BPE(numbered(signs), [], **settings))
    return finish(made, normalizer, [], decoder)


def llama() -> tokenizers.Tokenizer:
    return characters(
        normalizers.Sequence([normalizers.Prepend(META), normalizers.Replace(" ", META)]),
        decoders.Sequence(
            [
                decoders.Replace(META, " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        ),
        byte_fallback=True,
        unk_token="<unk>",
        fuse_unk=True,
    )


def unigram(normalizer: Any = None, *, scheme: Any = "always") -> tokenizers.Tokenizer:
    pieces = [("<unk>", 0.0), *((sign, -3.0) for sign in SIGNS)]
    made = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=0))
    decoder = decoders.Metaspace(prepend_scheme=scheme)
    return finish(made, normalizer, [pre_tokenizers.Metaspace(prepend_scheme=scheme)], decoder)


def t5() -> tokenizers.Tokenizer:
    blanks = normalizers.Replace(Regex(" {2,}"), " ")
    return unigram(normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), blanks]))


def end_of_word() -> tokenizers.Tokenizer:
    signs = numbered(["<unk>", *SIGNS, *(f"{sign}</w>" for sign in SIGNS)])
    model = models.BPE(signs, [], unk_token="<unk>", end_of_word_suffix="</w>")
    return finish(
        tokenizers.Tokenizer(model),
        normalizers.BertNormalizer(),
        [pre_tokenizers.BertPreTokenizer()],
        decoders.BPEDecoder("</w>"),
    )


def strip_accents() -> tokenizers.Tokenizer:
    steps = [normalizers.NFD(), normalizers.StripAccents(), normalizers.NFC()]
    return byte_level(normalizers.Sequence(steps))


def numbered(pieces: Sequence[str]) -> dict[str, int]:
    return {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}


def finish(
    made: tokenizers.Tokenizer, normalizer: Any, before: Sequence[Any], decoder: Any
) -> tokenizers.Tokenizer:
    if normalizer is not None:
        made.normalizer = normalizer
    if before:
        made.pre_tokenizer = pre_tokenizers.Sequence(list(before))
    if decoder is not None:
        made.decoder = decoder
    return made


cased = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
#: What is lost of the texts that are not given back whole.
CASES: dict[str, tuple[Callable[[], tokenizers.Tokenizer], dict[str, int]]] = {
    "gpt2": (byte_level, {}),
    "roberta": (lambda: byte_level(prefix=True), {}),
    "byte_level_without_decoder": (lambda: byte_level(decodes=False), {}),
    "digits": (lambda: byte_level(before=[pre_tokenizers.Digits(individual_digits=True)]), {}),
    "llama": (llama, {}),
    "byte_fallback_without_decoder": (
        lambda: characters(byte_fallback=True, unk_token="<unk>"),
        {},
    ),
    "metaspace": (unigram, {}),
    "metaspace_without_prefix": (lambda: unigram(scheme="never"), {}),
    "lowercase": (lambda: byte_level(normalizers.Lowercase()), {"capitals": 3, "accents": 1}),
    "nfc": (lambda: byte_level(normalizers.NFC()), {"combining": 2}),
    "nfd": (lambda: byte_level(normalizers.NFD()), {"accents": 4}),
    "nfkc": (lambda: byte_level(normalizers.NFKC()), {"combining": 2, "ligature": 2}),
    "strip_accents": (strip_accents, {"accents": 2, "combining": 1}),
    "strip": (lambda: byte_level(normalizers.Strip()), {"lines": 1, "leading": 1}),
    "collapse": (
        lambda: byte_level(normalizers.Replace(Regex(" +"), " ")),
        {"blanks": 3, "leading": 1},
    ),
    "nmt": (lambda: byte_level(normalizers.Nmt()), {"lines": 2}),
    "commas_removed": (
        lambda: byte_level(before=[pre_tokenizers.Split(",", "removed")]),
        {"marks": 1},
    ),
    "whitespace_split": (
        lambda: byte_level(before=[pre_tokenizers.WhitespaceSplit()]),
        {
            "plain": 2,
            "capitals": 2,
            "lines": 3,
            "marks": 3,
            "blanks": 5,
            "accents": 1,
            "leading": 2,
            "emoji": 2,
        },
    ),
    "bert_uncased": (
        lambda: word_piece(normalizers.BertNormalizer(lowercase=True)),
        {
            "capitals": 3,
            "lines": 2,
            "marks": 4,
            "blanks": 3,
            "accents": 2,
            "combining": 1,
            "leading": 1,
        },
    ),
    "bert_cased": (
        lambda: word_piece(cased),
        {"lines": 2, "marks": 4, "blanks": 3, "leading": 1},
    ),
    "t5": (t5, {"lines": 2, "blanks": 3, "combining": 2, "ligature": 2, "leading": 1}),
    "end_of_word": (
        end_of_word,
        {
            "capitals": 3,
            "lines": 2,
            "marks": 6,
            "blanks": 3,
            "accents": 2,
            "combining": 1,
            "leading": 1,
        },
    ),
    "drops_what_it_cannot_spell": (characters, {"emoji": 1}),
    "lowercase_without_decoder": (
        lambda: characters(normalizers.Lowercase()),
        {"capitals": 3, "accents": 1, "emoji": 1},
    ),
}


def of(backend: tokenizers.Tokenizer) -> HuggingFaceTokenizer:
    size = backend.get_vocab_size()
    return HuggingFaceTokenizer(backend, vocab_size=size, boundary_id=1, sentence_end_id=1)


@pytest.mark.parametrize("name", list(CASES))
def test_round_trip_counts_what_a_tokenizer_loses(name: str) -> None:
    build, expected = CASES[name]
    tokenizer = of(build())

    lost = {text: tokenizer.encode(TEXTS[text]).num_characters_lost for text in TEXTS}

    assert {text: count for text, count in lost.items() if count} == expected


def test_round_trip_leaves_unknown_tokens_to_the_unknown_rate() -> None:
    encoding = of(word_piece(cased)).encode("the \U0001f642 cat")

    assert encoding.unknown.tolist() == [False, True, False]
    assert encoding.num_characters_lost == 0


def test_round_trip_decoder_that_closes_blanks_is_cosmetic() -> None:
    assert of(word_piece(cased)).encode("the cat , the cat .").num_characters_lost == 0


def test_unknown_token_of_the_model_counts_whatever_the_settings_name() -> None:
    assert of(word_piece(cased)).encode("\U0001f642").unknown.tolist() == [True]
