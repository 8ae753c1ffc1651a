-- The keys that access tokens are signed with, shared by all replicas.
CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    -- An RFC 7517 key.
    public_jwk jsonb NOT NULL,
    -- Nonce and AES-256-GCM ciphertext of the PKCS#8 private key, bound to the kid.
    sealed_private bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL,
    signs_until timestamptz NOT NULL,
    -- Until then the last token that it signed is dead.
    verifies_until timestamptz NOT NULL,
    CHECK (signs_from < signs_until AND signs_until < verifies_until)
);
