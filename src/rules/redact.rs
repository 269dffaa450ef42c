//! A reply → the same reply without anything that could name a person, a host or a message.
//!
//! In: text, and the addresses that its mail is known to be about. Out: an example with documentation's own names (RFC 2606,
//! RFC 5737), or its shape with marks such as `<address>`, by which alike replies are counted together. It knows no names of
//! people but those that stand in an address.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Names that are taken from addresses, at most; the rest of a hostile list is only removed where it stands as an address.
const NAMES: usize = 64;

/// Local parts that name a role or are plain words of replies (RFC 2142): "user unknown" gives nobody away.
const ROLES: &[&str] = &[
    "abuse",
    "account",
    "address",
    "admin",
    "administrator",
    "all",
    "bounce",
    "bounces",
    "contact",
    "daemon",
    "email",
    "error",
    "hello",
    "help",
    "hostmaster",
    "info",
    "list",
    "mail",
    "mailbox",
    "mailer-daemon",
    "marketing",
    "message",
    "news",
    "newsletter",
    "nobody",
    "noc",
    "noreply",
    "no-reply",
    "office",
    "postmaster",
    "recipient",
    "reply",
    "root",
    "sales",
    "security",
    "sender",
    "server",
    "service",
    "spam",
    "staff",
    "support",
    "team",
    "test",
    "unknown",
    "user",
    "users",
    "usenet",
    "webmaster",
    "www",
];

/// What stands for a particular while a text is worked on: private-use characters, which no reply has any business with.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Address,
    Link,
    Ip,
    Host,
    Number,
    Id,
    Name,
}

impl Mark {
    const ALL: [(Mark, char, &str, &str); 7] = [
        (Mark::Address, '\u{E000}', "jo@example.com", "<address>"),
        (Mark::Link, '\u{E001}', "https://example.com/", "<link>"),
        (Mark::Ip, '\u{E002}', "192.0.2.1", "<ip>"),
        (Mark::Host, '\u{E003}', "mx.example.com", "<host>"),
        (Mark::Number, '\u{E004}', "123", "<number>"),
        (Mark::Id, '\u{E005}', "ID", "<id>"),
        (Mark::Name, '\u{E006}', "jo", "<name>"),
    ];

    const fn sign(self) -> char {
        Self::ALL[self as usize].1
    }
}

/// Whether a character stands for a particular.
pub(super) fn is_mark(c: char) -> bool {
    Mark::ALL.iter().any(|&(_, sign, ..)| sign == c)
}

/// Takes particulars out of texts.
#[derive(Debug, Default)]
pub struct Redactor {
    names: Vec<String>,
}

impl Redactor {
    /// A redactor that also knows the parts of these addresses, wherever they stand.
    pub fn knowing<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Vec::new();
        for address in addresses {
            add_names(&mut names, address);
        }
        Self { names }
    }

    /// The text with documentation's own names in the place of particulars.
    pub fn example(&self, text: &str) -> String {
        spell(&self.marked(text), |(_, _, example, _)| example)
    }

    /// The text with marks in the place of particulars: the same for replies that differ in nothing else.
    pub fn shape(&self, text: &str) -> String {
        // An address in angle brackets needs no second pair.
        spell(&self.marked(text), |(_, _, _, shape)| shape).replace("<<", "<").replace(">>", ">")
    }

    /// The text with one private-use character for each particular, white space run together.
    pub(super) fn marked(&self, text: &str) -> String {
        let plain: String = text.chars().map(|c| if c.is_control() || is_mark(c) { ' ' } else { c }).collect();
        let mut names = self.names.clone();
        for found in ADDRESS.find_iter(&plain) {
            add_names(&mut names, found.as_str());
        }
        let text = replace(&plain, &X400, Mark::Id);
        let text = replace(&text, &LINK, Mark::Link);
        let text = replace(&text, &ADDRESS, Mark::Address);
        // What follows the apostrophe of a name may look like a host; the other names wait, so as not to tear hosts apart.
        let apostrophes: Vec<String> = names.iter().filter(|name| name.contains('\'')).cloned().collect();
        let text = without_names(&text, &apostrophes);
        let text = IP.replace_all(&text, |found: &Captures<'_>| {
            match found[0].trim_end_matches(['.', ':']).parse::<std::net::IpAddr>() {
                Ok(_) => Mark::Ip.sign().to_string() + &found[0][found[0].trim_end_matches(['.', ':']).len()..],
                Err(_) => found[0].to_owned(),
            }
        });
        let text =
            HOST.replace_all(
                &text,
                |found: &Captures<'_>| {
                    if TOKEN.is_match(&found[0]) { found[0].to_owned() } else { Mark::Host.sign().to_string() }
                },
            );
        let text = without_names(&text, &names);
        let text = WORD.replace_all(
            &text,
            |found: &Captures<'_>| if is_id(&found[0]) { Mark::Id.sign().to_string() } else { found[0].to_owned() },
        );
        let text = NUMBER.replace_all(&text, |found: &Captures<'_>| {
            if CODE.is_match(&found[0]) || found[0].len() < 3 { found[0].to_owned() } else { Mark::Number.sign().to_string() }
        });
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The text with everything that could name a person, a host or a message replaced.
pub fn redact(text: &str) -> String {
    Redactor::default().example(text)
}

fn pattern(source: &str) -> Regex {
    // Constants of this file; the tests below use each of them.
    #[allow(clippy::expect_used)]
    Regex::new(source).expect("a pattern of this file")
}

/// Directory names of Exchange and X.400; they end with the person.
static X400: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)/[a-z]{1,4}=[^\r\n]*/[a-z]{1,4}=[^\s;,>"]+|/(o|cn|g|s|admd|prmd)=[^\s;,>"]+"#));
static LINK: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)\b([a-z][a-z0-9+.-]{1,15}://|www\.|mailto:)[^\s<>"]*[^\s<>"().,;:\]']"#));
/// A local part, quoted or not, an `@` in any of its disguises, a domain or a literal.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)("[^"]{0,128}"|[^\s<>()\[\],;:"]*)\s?(@|＠|﹫|%40|=40|\+40|\(at\)|\[at\]|\{at\}|_at_|&#0?64;)\s?(\[[^\]\s]*\]?|([\p{L}\p{N}_-]+\.)*[\p{L}\p{N}_-]*)|[\p{L}\p{N}._-]+(![\p{L}\p{N}._-]+)+"#,
    )
});
static IP: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\d{1,3}(\.\d{1,3}){3}|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,8}(\.\d{1,3}){0,3}"));
static HOST: LazyLock<Regex> = LazyLock::new(|| pattern(r"([\p{L}\p{N}_-]+\.)+\p{L}[\p{L}\p{N}-]+(/[^\s<>()]*)?"));
/// What Exchange says with dots is no host.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(RESOLVER|STOREDRV|SMTPSEND|ROUTING|TRANSPORT|QUEUE|CAT|SUBMISSION|APPROVAL|AGENT)\.[A-Z]\w+(\.[A-Z]\w+)*$")
});
static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\p{L}\p{N}_+/=-]{8,}"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"[245]\.\d{1,3}\.\d{1,3}|\d+"));
static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([245]\.\d{1,3}\.\d{1,3}|[245][0-9][0-9])$"));

fn replace<'t>(text: &'t str, what: &Regex, mark: Mark) -> Cow<'t, str> {
    what.replace_all(text, mark.sign().to_string().as_str())
}

/// Queue and message ids: letters and digits mixed, or long numbers.
fn is_id(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    (digits >= 2 && letters >= 2) || (digits >= 7 && letters == 0)
}

/// The parts of an address that may stand elsewhere: the local part, what a `+`, `=` or `%` joins in it, and the domain.
fn add_names(names: &mut Vec<String>, address: &str) {
    let whole = address.split(|c: char| c.is_whitespace() || matches!(c, '@' | '＠' | '﹫' | '"' | '<' | '>'));
    let pieces = address.split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | '\''));
    for part in whole.chain(pieces.map(|piece| piece.trim_matches(|c: char| !c.is_alphanumeric()))) {
        let known =
            names.iter().any(|name| name.eq_ignore_ascii_case(part)) || ROLES.iter().any(|role| role.eq_ignore_ascii_case(part));
        if part.chars().count() >= 3 && !known && names.len() < NAMES {
            names.push(part.to_owned());
        }
    }
}

/// The text without these names where they stand as whole words.
fn without_names<'t>(text: &'t str, names: &[String]) -> Cow<'t, str> {
    if names.is_empty() {
        return Cow::Borrowed(text);
    }
    // Longer names first: one may begin another.
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let any: Vec<String> = sorted.iter().map(|name| regex::escape(name)).collect();
    match Regex::new(&format!(r"(?i)\b{{start-half}}(?:{})\b{{end-half}}", any.join("|"))) {
        Ok(any) => Cow::Owned(any.replace_all(text, Mark::Name.sign().to_string().as_str()).into_owned()),
        // Too long for one expression: then the text itself is of no use.
        Err(_) => Cow::Owned(String::new()),
    }
}

fn spell(marked: &str, word: impl Fn((Mark, char, &'static str, &'static str)) -> &'static str) -> String {
    let mut spelled = String::with_capacity(marked.len());
    for c in marked.chars() {
        match Mark::ALL.into_iter().find(|&(_, sign, ..)| sign == c) {
            Some(mark) => spelled.push_str(word(mark)),
            None => spelled.push(c),
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn particulars_give_way_to_names_of_documentation() {
        let text = "550-5.7.0 <maria@customer.test> gate mx7.customer.test[198.51.100.7]:25 says no to [2001:db8:7::5], see https://a.test/x?u=maria (4F550A12CB), call 0171 1234567";
        assert_eq!(
            redact(text),
            "550-5.7.0 <jo@example.com> gate mx.example.com[192.0.2.1]:25 says no to [192.0.2.1], see https://example.com/ (ID), call 123 123"
        );
    }

    #[test]
    fn the_shape_is_the_same_where_only_particulars_differ() {
        let redactor = Redactor::default();
        let one = redactor.shape("552 jo@a.test is 1234 bytes over at mx1.a.test (queue 4F550A12CB)");
        let other = redactor.shape("552 wilma@b.test is 98 765 bytes over  at mail.b.test (queue 77AB0CCD12)").replace("98 ", "");
        assert_eq!(one, "552 <address> is <number> bytes over at <host> (queue <id>)");
        assert_eq!(one, other);
    }

    #[test]
    fn a_local_part_goes_where_it_stands_without_its_domain_too() {
        assert_eq!(
            redact("550 <maria@customer.test>: unknown user \"maria\" at Customer.test"),
            "550 <jo@example.com>: unknown user \"jo\" at mx.example.com"
        );
        let redactor = Redactor::knowing(["o'brien.pat@customer.test"]);
        assert_eq!(redactor.example("550 o'brien.pat unknown"), "550 jo unknown");
    }

    #[test]
    fn a_role_is_no_name() {
        assert_eq!(redact("550 <user@customer.test> User unknown"), "550 <jo@example.com> User unknown");
    }

    #[test]
    fn tokens_of_servers_stay() {
        let text = "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found";
        assert_eq!(redact(text), text);
    }

    #[test]
    fn a_directory_name_is_a_person() {
        assert_eq!(redact("/o=First Org/ou=Group (FYD)/cn=Recipients/cn=maria not found"), "ID not found");
    }

    const BEFORE: &[&str] = &[
        "",
        "<",
        "\"",
        "(",
        "rfc822;",
        "mailto:",
        "to=<",
        "550 5.1.1 ",
        "user ",
        "[",
        "'",
        "wird an ",
        "对",
        ";",
        ">",
        "x:",
        "RCPT TO:<",
    ];
    const AFTER: &[&str] =
        &["", ">", "\"", ")", ">...", ",", ".", ": unknown", "> User unknown", "]", "'", "…", " 不存在", ";orcpt", "?", "!"];
    const AT: &[&str] = &["@", "@", "@", "＠", "%40", "=40", "+40", "(at)", " @ "];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn no_address_survives(
            local in "[a-z]{2}[a-z0-9.+=_'-]{1,12}[a-z]{2}x",
            domain in "[a-z]{3}[a-z0-9-]{0,8}q(\\.[a-z]{3,6}z){1,2}",
            before in prop::sample::select(BEFORE),
            after in prop::sample::select(AFTER),
            at in prop::sample::select(AT),
            front in "[ -~]{0,20}",
            back in "[ -~äß]{0,20}",
            quoted in any::<bool>(),
        ) {
            let local = local.replace("..", ".");
            let written = if quoted { format!("\"{local}\"{at}{domain}") } else { format!("{local}{at}{domain}") };
            // The address also stands alone further on, and its parts.
            let text = format!("{front} {before}{written}{after} {back} {local} and {domain}");
            for redacted in [redact(&text), Redactor::default().shape(&text)] {
                prop_assert!(!redacted.contains(&written), "{text:?} → {redacted:?}");
                prop_assert!(!redacted.contains(&domain), "{text:?} → {redacted:?}");
            }
            let known = Redactor::knowing([format!("{local}@{domain}").as_str()]);
            for redacted in [known.example(&text), known.shape(&text)] {
                prop_assert!(!redacted.contains(&domain), "{text:?} → {redacted:?}");
                prop_assert!(!redacted.contains(&local), "{text:?} → {redacted:?}");
            }
        }

        #[test]
        fn any_text_is_redacted_in_one_go(text in "\\PC{0,200}") {
            let once = redact(&text);
            prop_assert!(!once.contains('@') || once.matches('@').count() == once.matches("jo@example.com").count(), "{once:?}");
            prop_assert!(!once.chars().any(is_mark));
        }
    }
}
