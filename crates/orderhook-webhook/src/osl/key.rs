//! The platform's RSA key, and how long it must be.

use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The digest under the RSA signature (PKCS#1 v1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Digest {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1, only to verify what an old platform still signs with it.
    Sha1,
}

/// A public key and the one way of signing that is accepted with it.
#[derive(Debug)]
pub(super) struct VerifyingKey(ParsedPublicKey);

impl VerifyingKey {
    pub(super) fn parse(
        text: &str,
        digest: Digest,
        allow_rsa_1024: bool,
    ) -> Result<Self, KeyError> {
        let der = der_of(text)?;
        let parameters = parameters(digest, allow_rsa_1024);
        let key = PublicKey::from_der(&der).map_err(|_| KeyError::NotRsa)?;
        let bits = RsaParameters::public_modulus_len(key.as_ref()).map_err(|_| KeyError::NotRsa)?;
        let least = parameters.min_modulus_len();
        if bits < least {
            return Err(KeyError::TooShort { bits, least });
        }
        if bits > parameters.max_modulus_len() {
            return Err(KeyError::TooLong { bits });
        }
        ParsedPublicKey::new(parameters, key.as_ref())
            .map(Self)
            .map_err(|_| KeyError::NotRsa)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

fn parameters(digest: Digest, allow_rsa_1024: bool) -> &'static RsaParameters {
    match (digest, allow_rsa_1024) {
        (Digest::Sha256, false) => &RSA_PKCS1_2048_8192_SHA256,
        (Digest::Sha512, false) => &RSA_PKCS1_2048_8192_SHA512,
        (Digest::Sha1, false) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Digest::Sha256, true) => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Digest::Sha512, true) => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Digest::Sha1, true) => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    }
}

/// The DER inside PEM or bare base64.
///
/// Platforms hand keys out in lines of any length or in a single one, which strict PEM readers
/// refuse; the DER parser behind this decides what the bytes are, so the label is not needed.
fn der_of(text: &str) -> Result<Vec<u8>, KeyError> {
    let base64: String = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::split_whitespace)
        .collect();
    STANDARD.decode(base64).map_err(|_| KeyError::NotBase64)
}

/// Why a public key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is neither PEM nor base64.
    #[error("public key is neither PEM nor base64")]
    NotBase64,
    /// The bytes are not the DER of an RSA public key: a private key, a certificate, or damaged.
    #[error("public key is not the DER of an RSA public key")]
    NotRsa,
    /// The key is shorter than allowed.
    #[error("public key has {bits} bits, fewer than {least}")]
    TooShort {
        /// The length of its modulus.
        bits: u32,
        /// The fewest bits allowed, which depends on
        /// [`allow_rsa_1024`](super::HeaderVerifierBuilder::allow_rsa_1024).
        least: u32,
    },
    /// The key is longer than 8192 bits.
    #[error("public key has {bits} bits, more than 8192")]
    TooLong {
        /// The length of its modulus.
        bits: u32,
    },
}
