//! The built-in rule files in the order in which they are tried: who speaks first (providers, then mail servers, then
//! block lists), what anyone may say, what the codes say.

use super::Source;

macro_rules! files {
    ($($name:literal,)*) => {
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../rules/", $name))),)*];
    };
}

files! {
    "providers.toml",
    "providers-world.toml",
    "provider/google.toml",
    "provider/microsoft.toml",
    "provider/yahoo.toml",
    "provider/apple.toml",
    "provider/us-access.toml",
    "provider/gateways.toml",
    "provider/hosting.toml",
    "provider/europe.toml",
    "provider/east.toml",
    "provider/asia.toml",
    "provider/latin.toml",
    "blocklists.toml",
    "server/postfix.toml",
    "server/exim.toml",
    "server/sendmail.toml",
    "server/qmail.toml",
    "server/exchange.toml",
    "server/others.toml",
    "text/virus-and-content.toml",
    "text/authentication.toml",
    "text/reputation.toml",
    "text/rate.toml",
    "text/spam.toml",
    "text/sender.toml",
    "text/mailbox.toml",
    "text/user.toml",
    "text/domain.toml",
    "text/system.toml",
    "text/languages.toml",
    "text/policy.toml",
    "status.toml",
    "code.toml",
}

pub(super) fn files<'a>() -> impl Iterator<Item = Source<'a>> {
    FILES.iter().map(|&(name, text)| Source { name, text })
}
