"""Tokens that key pairs sign and prove (RFC 7515). Imported only where there is such a key: cryptography takes 8 MiB."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError, SecurityWarning

KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
CURVES = {"ES256": ("P-256",), "ES384": ("P-384",), "EdDSA": ("Ed25519", "Ed448")}
RSA_BITS = 2048
"""RFC 7518 §3.3: a key of this size or larger must be used."""


@lru_cache(32)
def _key(pem: str, algorithm: str) -> jwk.Key:
    written = pem.replace("\\n", "\n")  # environment variables often hold line ends as two characters
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of a key's size, which is judged below
            key: Any = jwk.JWKRegistry.import_key(written, KINDS[algorithm[:2]])
    except (JoseError, ValueError, TypeError) as exc:
        raise ValueError(f"the key can't be read as one for {algorithm}") from exc
    curves = CURVES.get(algorithm)
    if curves and key.curve_name not in curves:
        raise ValueError(f"{algorithm} needs a key on the curve {' or '.join(curves)}, and this one is on {key.curve_name}")
    if not curves and key.raw_value.key_size < RSA_BITS:
        raise ValueError(f"{algorithm} needs a key of at least {RSA_BITS} bits, and this one has {key.raw_value.key_size}")
    return key  # type: ignore[no-any-return]


def check(pem: str, algorithm: str) -> None:
    """Raises `ValueError` with a sentence where the PEM holds no key for this algorithm."""
    _key(pem, algorithm)


def signed(claims: Mapping[str, Any], pem: str, algorithm: str, **header: str) -> str:
    """A JWT with these claims, times in whole seconds. Raises `ValueError` where the PEM holds no key for this algorithm."""
    return jwt.encode({"alg": algorithm, **header}, dict(claims), _key(pem, algorithm), [algorithm])


def proved(token: str, pem: str, algorithm: str) -> bool:
    """Whether the key signed it by this algorithm, whatever its header names. What it claims is not looked at."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # "EdDSA" names two curves (RFC 9864), and is what backends write
            jws.deserialize_compact(token, _key(pem, algorithm), [algorithm])
    except (JoseError, ValueError, TypeError):
        return False
    return True
