//! Proving who comes.

use std::io;

use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::messages::{Messages, Received};
use super::refusal::Failure;
use crate::connection::channel_binding;

/// Does what the server asks for until it is content.
pub(super) fn authenticate(messages: &mut Messages, user: &str, password: Option<&str>) -> Result<(), Failure> {
    loop {
        match receive(messages)? {
            Message::AuthenticationOk => return Ok(()),
            Message::AuthenticationCleartextPassword => {
                frontend::password_message(known(password)?.as_bytes(), &mut messages.output)?;
                messages.send()?;
            }
            Message::AuthenticationMd5Password(body) => {
                let proof = md5_hash(user.as_bytes(), known(password)?.as_bytes(), body.salt());
                frontend::password_message(proof.as_bytes(), &mut messages.output)?;
                messages.send()?;
            }
            Message::AuthenticationSasl(body) => scram(messages, &body, known(password)?)?,
            _ => return Err(denied("the server asks for a kind of authentication that is not supported")),
        }
    }
}

/// SCRAM (RFC 5802), tied to the certificate where the connection is encrypted and the server offers it. Both sides prove
/// that they know the password.
fn scram(messages: &mut Messages, offered: &AuthenticationSaslBody, password: &str) -> Result<(), Failure> {
    let offers = |name: &str| offered.mechanisms().any(|mechanism| Ok(mechanism == name));
    let tls = messages.transport().tls();
    let (mechanism, binding) = match tls.and_then(channel_binding) {
        Some(digest) if offers(SCRAM_SHA_256_PLUS)? => {
            (SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(digest))
        }
        // Said, so that the server notices if its offer was taken away underway.
        Some(_) => (SCRAM_SHA_256, ChannelBinding::unrequested()),
        None => (SCRAM_SHA_256, ChannelBinding::unsupported()),
    };
    if !offers(mechanism)? {
        return Err(denied("the server offers no SCRAM-SHA-256"));
    }
    let mut scram = ScramSha256::new(password.as_bytes(), binding);
    frontend::sasl_initial_response(mechanism, scram.message(), &mut messages.output)?;
    messages.send()?;
    let Message::AuthenticationSaslContinue(body) = receive(messages)? else { return Err(Failure::unexpected()) };
    scram.update(body.data()).map_err(disproved)?;
    frontend::sasl_response(scram.message(), &mut messages.output)?;
    messages.send()?;
    let Message::AuthenticationSaslFinal(body) = receive(messages)? else { return Err(Failure::unexpected()) };
    scram.finish(body.data()).map_err(disproved)
}

fn receive(messages: &mut Messages) -> Result<Message, Failure> {
    match messages.receive()? {
        Received::Other(Message::ErrorResponse(body)) => Err(Failure::refused(body.fields())),
        Received::Other(message) => Ok(message),
        Received::Row(_) => Err(Failure::unexpected()),
    }
}

fn known(password: Option<&str>) -> Result<&str, Failure> {
    password.ok_or_else(|| denied("the server asks for a password, and none is given"))
}

fn denied(reason: &str) -> Failure {
    Failure::Denied(reason.into())
}

fn disproved(error: io::Error) -> Failure {
    Failure::Denied(error.into())
}
