//! The taxonomy as closed enums, and the one table that ties a cause to its bounce type, its action and its advice.
//!
//! In: names, as rule files, expectations and options write them. Out: the same names, serialised exactly.
//! Nothing here looks at a mail or a rule.

use std::fmt;

/// A name that is none of the taxonomy's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What kind of name was looked for, such as `cause`.
    pub what: &'static str,
    /// The name that was given.
    pub given: String,
    /// Every name that would be right.
    pub known: Vec<&'static str>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} `{}`, expected one of {}", self.what, self.given.escape_debug(), self.known.join(", "))
    }
}

impl std::error::Error for UnknownName {}

/// Declares a closed enum whose values have fixed public names.
macro_rules! named {
    ($(#[$meta:meta])* $type:ident, $what:literal { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$doc])* $variant,)+
        }

        impl $type {
            /// Every value, in the taxonomy's order.
            pub const ALL: &'static [$type] = &[$($type::$variant,)+];

            /// The public name, as output, rule files and expectations write it.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::verdict::UnknownName;

            fn from_str(name: &str) -> Result<Self, $crate::verdict::UnknownName> {
                match name {
                    $($name => Ok($type::$variant),)+
                    _ => Err($crate::verdict::UnknownName { what: $what, given: name.to_owned(), known: vec![$($name,)+] }),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<str> as serde::Deserialize>::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use named;

named! {
    /// What a message is.
    #[derive(Default)]
    Kind, "kind" {
        /// Delivery to at least one recipient failed for good.
        Bounce = "bounce",
        /// Delivery has not succeeded yet and will be tried again.
        Delay = "delay",
        /// Delivered, relayed or expanded, for every recipient it names.
        Delivered = "delivered",
        /// A feedback report (RFC 5965): abuse, fraud, virus, opt-out.
        Complaint = "complaint",
        /// A machine answered: vacation, out of office, ticket received (RFC 3834).
        AutoReply = "auto_reply",
        /// A message disposition notification (RFC 8098).
        ReadReceipt = "read_receipt",
        /// A challenge-response system asks the sender to confirm.
        Challenge = "challenge",
        /// Anything else: ordinary mail, spam, a newsletter.
        #[default]
        Other = "other",
    }
}

named! {
    /// What became of the message for one recipient: the action names of RFC 3464 section 2.3.3.
    #[derive(Default)]
    Outcome, "outcome" {
        /// Given up.
        #[default]
        Failed = "failed",
        /// Not yet; it will be tried again.
        Delayed = "delayed",
        /// In the mailbox.
        Delivered = "delivered",
        /// Handed to a system that sends no reports.
        Relayed = "relayed",
        /// Delivered to the members of a list or alias.
        Expanded = "expanded",
    }
}

impl Outcome {
    /// Whether a cause is to be looked for: the message did not arrive, or not yet.
    pub const fn is_trouble(self) -> bool {
        matches!(self, Outcome::Failed | Outcome::Delayed)
    }
}

named! {
    /// Whose fault it is.
    BounceType, "bounce type" {
        /// The address itself is dead.
        Hard = "hard",
        /// The recipient's side may accept later, or another message.
        Soft = "soft",
        /// The sender or the message was refused; the address may be fine.
        Block = "block",
        /// Not enough to tell.
        Undetermined = "undetermined",
    }
}

named! {
    /// What to do about it.
    Action, "action" {
        /// Stop writing to this address now.
        RemoveAddress = "remove_address",
        /// Write to the new address that the report gives.
        UpdateAddress = "update_address",
        /// Try again after a pause; remove after repeated failures.
        RetryLater = "retry_later",
        /// Fewer messages, connections or recipients at a time, then retry.
        SlowDown = "slow_down",
        /// Repair SPF, DKIM, DMARC.
        FixAuthentication = "fix_authentication",
        /// Use a sender address and domain that exist and accept mail.
        FixSender = "fix_sender",
        /// Repair reverse DNS and the HELO name.
        FixDns = "fix_dns",
        /// Find the listing, mend its cause, ask for removal.
        RequestDelisting = "request_delisting",
        /// Lower volume, cleaner lists, warm up again.
        ImproveReputation = "improve_reputation",
        /// Change what was refused in the message, or mend its format.
        ChangeContent = "change_content",
        /// Scan, clean, resend.
        RemoveMalware = "remove_malware",
        /// Smaller attachments, or a link.
        ReduceSize = "reduce_size",
        /// Check MX, smart host and relay settings.
        CheckRoute = "check_route",
        /// Send through one's own server, with login and TLS.
        LogIn = "log_in",
        /// Reach the recipient another way, ask to be let in.
        ContactRecipient = "contact_recipient",
        /// Ask the receiving side, quoting the reply.
        ContactPostmaster = "contact_postmaster",
        /// Read the text; no rule was sure.
        Inspect = "inspect",
        /// Nothing to do.
        None = "none",
    }
}

impl Action {
    /// The action as an order to the one who acts, without a full stop.
    pub const fn order(self) -> &'static str {
        match self {
            Action::RemoveAddress => "stop writing to this address",
            Action::UpdateAddress => "write to the new address that the report gives",
            Action::RetryLater => "try again later; remove the address after repeated failures",
            Action::SlowDown => "send fewer messages, connections or recipients at a time, then retry",
            Action::FixAuthentication => "repair SPF, DKIM and DMARC of the sending domain",
            Action::FixSender => "use a sender address and domain that exist and accept mail",
            Action::FixDns => "repair reverse DNS and the HELO name of the sending host",
            Action::RequestDelisting => "find the listing, mend its cause, ask for removal",
            Action::ImproveReputation => "send less, to cleaner lists, and warm up again",
            Action::ChangeContent => "change what was refused in the message, or mend its format",
            Action::RemoveMalware => "scan and clean the message, then resend it",
            Action::ReduceSize => "send smaller attachments, or a link",
            Action::CheckRoute => "check MX, smart host and relay settings",
            Action::LogIn => "send through your own server, with login and TLS",
            Action::ContactRecipient => "reach the recipient another way and ask to be let in",
            Action::ContactPostmaster => "ask the receiving side's postmaster, quoting the reply",
            Action::Inspect => "read the reply: no rule was sure",
            Action::None => "nothing to do",
        }
    }
}

named! {
    /// What decided the cause.
    DecidedBy, "decided_by" {
        /// The words of the reply.
        Text = "text",
        /// The enhanced status code (RFC 3463).
        EnhancedCode = "enhanced_code",
        /// The basic reply code (RFC 5321).
        ReplyCode = "reply_code",
        /// Nothing did.
        None = "none",
    }
}

/// Declares the causes with everything that a cause alone decides.
macro_rules! causes {
    ($($variant:ident = $name:literal, $group:literal, $type:ident, $action:ident, $meaning:literal, $advice:literal;)+) => {
        named! {
            /// Why one recipient did not get the message.
            Cause, "cause" {
                $(#[doc = $meaning] $variant = $name,)+
            }
        }

        impl Cause {
            /// The heading that the taxonomy puts it under.
            pub const fn group(self) -> &'static str {
                match self { $(Cause::$variant => $group,)+ }
            }

            /// The bounce type when the failure is permanent.
            pub const fn bounce_type(self) -> BounceType {
                match self { $(Cause::$variant => BounceType::$type,)+ }
            }

            /// The action when the failure is permanent.
            pub const fn action(self) -> Action {
                match self { $(Cause::$variant => Action::$action,)+ }
            }

            /// What the report says, in one clause without a full stop.
            pub const fn meaning(self) -> &'static str {
                match self { $(Cause::$variant => $meaning,)+ }
            }

            /// What a sender does about it, in two or three sentences.
            pub const fn advice(self) -> &'static str {
                match self { $(Cause::$variant => $advice,)+ }
            }
        }
    };
}

causes! {
    UserUnknown = "user_unknown", "the address", Hard, RemoveAddress,
        "no such mailbox at that domain",
        "Check the spelling, above all what follows the @. If it is right, the mailbox is gone: take the address off every list at once, since receivers count mail to dead addresses against you. Ask the person by other means for a new one.";
    MailboxDisabled = "mailbox_disabled", "the address", Hard, RemoveAddress,
        "the mailbox exists and is out of service",
        "The account is disabled, suspended or abandoned; only its owner or their provider can open it again. Take the address off your lists and ask the person by other means.";
    MailboxFull = "mailbox_full", "the address", Soft, RetryLater,
        "the mailbox is over its quota",
        "You can't mend it: the recipient must clear space or raise the quota. Try again in a day or two; after two or three failures over some weeks drop the address, since a full mailbox is seldom read.";
    RecipientMoved = "recipient_moved", "the address", Hard, UpdateAddress,
        "the recipient has left for another address",
        "Write to the new address if the reply gives one, and correct your list. If it gives none, ask the person by other means and stop using the old address.";
    RecipientRestricted = "recipient_restricted", "the address", Block, ContactRecipient,
        "the address is good, but this sender may not write to it",
        "The address works: keep it. The recipient, list or group takes mail from certain senders only, or blocks you. Ask its owner by other means to let you in, or join the list before writing to it.";
    DomainUnknown = "domain_unknown", "the domain and the way there", Hard, RemoveAddress,
        "the recipient's domain does not exist or has no mail host",
        "Check the domain for a typing error. If it is right, it has expired or takes no mail any more: remove the address, and look at your other addresses at the same domain.";
    DomainNotAccepting = "domain_not_accepting", "the domain and the way there", Hard, RemoveAddress,
        "the domain exists and takes no mail at all",
        "The domain says of itself that it never accepts mail (a null MX record, or reply 521 or 556). Often it is a misspelling of another domain. Remove the address.";
    RoutingError = "routing_error", "the domain and the way there", Soft, CheckRoute,
        "no route to the recipient's domain",
        "Some server on the way does not know where to send it. Look up the domain's MX records; if they are right, look at your own smart host and transport settings. If the fault is theirs, tell the recipient by other means.";
    MailLoop = "mail_loop", "the domain and the way there", Soft, CheckRoute,
        "the message went in a circle",
        "Two servers or a forwarding rule send the message back and forth. Check forwards, aliases and MX records on your side; if they are clean, tell the recipient's postmaster with the reply.";
    NetworkError = "network_error", "the domain and the way there", Soft, RetryLater,
        "no working connection to the recipient's server",
        "The receiving server could not be reached or hung up. The address may be fine: try again in some hours. If it lasts for days, check the domain's MX hosts and your own network and firewall, then tell the recipient by other means.";
    TlsFailed = "tls_failed", "the domain and the way there", Soft, ContactPostmaster,
        "an encrypted connection was demanded and could not be had",
        "One side insists on TLS and the other could not offer it as demanded (no STARTTLS, a bad certificate, MTA-STS or DANE). Check your own TLS settings with another domain; if they are right, tell the receiving postmaster.";
    DeliveryExpired = "delivery_expired", "the domain and the way there", Soft, RetryLater,
        "tried until the queue time ran out",
        "The sending server tried for as long as it is told to and gave up without a better reason. The address may be fine: send again once; if that expires too, check the domain's mail hosts.";
    ServerError = "server_error", "the receiving system", Soft, RetryLater,
        "the receiving system is broken or busy",
        "The fault is on the receiving side and usually passes. Wait 15 to 30 minutes and try again; if it lasts for a day, tell the recipient or their postmaster by other means.";
    ServerFull = "server_full", "the receiving system", Soft, RetryLater,
        "the receiving server has no disk space",
        "The whole server is out of space, not one mailbox. Try again in some hours; if it lasts, its postmaster should know.";
    Greylisted = "greylisted", "the receiving system", Soft, RetryLater,
        "greylisting: a first contact is asked to come back",
        "Nothing is wrong: the server turns away every sender that it has not met and takes the message on a later try from the same address. Let the queue retry after a few minutes; don't resend by hand.";
    RateLimited = "rate_limited", "the receiving system", Soft, SlowDown,
        "too much, too fast",
        "Send fewer messages and connections at a time to this provider and spread them over hours. Let the queue retry; hammering makes the pause longer. If it is your own provider's sending limit, wait for the next day or ask for a larger one.";
    TooManyRecipients = "too_many_recipients", "the receiving system", Soft, SlowDown,
        "too many recipients in one transaction",
        "Split the message into several with fewer recipients each; 50 is a safe number, 100 is what every server must take.";
    AuthFailed = "auth_failed", "who sends", Block, FixAuthentication,
        "SPF, DKIM or DMARC failed, is missing, or does not align",
        "Publish an SPF record that covers every host that sends for you, sign with DKIM, and let the From domain align with one of the two; then publish DMARC. Test with a mail to yourself and read its Authentication-Results header. The recipient's address is fine.";
    SenderRejected = "sender_rejected", "who sends", Block, FixSender,
        "the sender's address or its domain is refused",
        "Send from an address that exists, in a domain with MX and A records that accepts bounces, and that you are allowed to use at your own server. If the sender is listed by name, ask the receiving side why. The recipient's address is fine.";
    MissingPtr = "missing_ptr", "who sends", Block, FixDns,
        "the sending host has no or wrong reverse DNS, or a bad HELO name",
        "Give the sending address a PTR record whose name points back to the same address, and let the server say that name in EHLO. Whoever owns the address range (your hoster) sets the PTR.";
    RelayDenied = "relay_denied", "who sends", Block, CheckRoute,
        "that server does not relay for this domain",
        "The server that answered does not host the recipient's domain. Check the domain's MX records for a stale or wrong host, and your own smart host. If your mail program got this reply, send through your own provider's server with login.";
    LoginRequired = "login_required", "who sends", Block, LogIn,
        "log in first, or use TLS first",
        "Send through your own provider's submission server, port 465 or 587, with login and TLS, and check user name and password there. If the password is right and the reply stays, make sure that the account was not locked because someone else used it.";
    IpBlocked = "ip_blocked", "reputation", Block, RequestDelisting,
        "the sending address or host is blocked or on a block list",
        "Find out which list names your sending address, mend what got it there (a hacked account, an open relay, complaints, old lists), then ask for removal with the list's own form. On a shared server its operator has to do it. The recipient's address is fine.";
    BadReputation = "bad_reputation", "reputation", Block, ImproveReputation,
        "the reputation of the sender's address, domain or links is too low",
        "Send only to people who asked for it and who open it, drop dead addresses, and raise the volume again slowly. If the domain or a link in the message is on a list, remove the link or ask the list for removal. The recipient's address is fine.";
    SpamContent = "spam_content", "the message", Block, ChangeContent,
        "this message looks like spam",
        "Look at it as a filter does: subject, links, shortened URLs, large pictures with little text, attachments, missing unsubscribe. Change it and test with one mail before sending more; a blank mail with the subject “Test” is refused too. The recipient's address is fine.";
    Virus = "virus", "the message", Block, RemoveMalware,
        "a virus, worm or malware was found",
        "Do not resend it. Scan the machine and the account that sent it, change the password if you did not send it yourself, and send clean files or a link instead.";
    ContentRejected = "content_rejected", "the message", Block, ChangeContent,
        "refused for something in it",
        "Something named in the reply is not let in there: an attachment type, a kind of link, a language or a character set. Leave it out, or send it another way, for example as a link. The recipient's address is fine.";
    MessageTooLarge = "message_too_large", "the message", Block, ReduceSize,
        "too large for the mailbox or the system",
        "Make it smaller: attachments grow by a third on the way, and 10 MB is what most systems take. Send a link to the file instead.";
    MalformedMessage = "malformed_message", "the message", Block, ChangeContent,
        "the message is not valid mail",
        "The program that wrote the message breaks the standard: a missing or doubled header, bare line feeds, 8-bit data where none is allowed, a line or header that is too long. Mend or update that program; resending the same message won't help.";
    Policy = "policy", "the rest", Block, ContactPostmaster,
        "refused by a rule of the receiving site",
        "The site refuses the message by a rule that it does not explain. Check your reputation, SPF, DKIM and DMARC; if they are clean, ask the receiving postmaster and quote the whole reply. The address may be fine: don't remove it.";
    Suppressed = "suppressed", "the rest", Hard, RemoveAddress,
        "never sent: the address is on the sending platform's own suppression list",
        "Your sending platform did not even try, because the address bounced or complained before. Leave it off your lists; if you know that it works again, take it off the platform's suppression list first.";
    ProtocolError = "protocol_error", "the rest", Block, ContactPostmaster,
        "the SMTP dialogue went wrong",
        "The two servers did not understand each other: a syntax error, a command out of order or one that is not offered. Check the sending program, and any firewall that rewrites SMTP; if they are clean, ask the receiving postmaster with the reply.";
    Unknown = "unknown", "the rest", Undetermined, Inspect,
        "the report gives no cause that can be named",
        "Read the reply itself. Don't remove the address on this alone; if the same reply comes again, ask the receiving postmaster, or teach whybounce a rule for it.";
}

impl Cause {
    /// Bounce type and action when the failure is `temporary`: a dead address is never concluded from a 4xx,
    /// and what the sender must mend stays his to mend.
    pub const fn judge(self, temporary: bool) -> (BounceType, Action) {
        match (self.bounce_type(), temporary) {
            (BounceType::Hard, true) => (BounceType::Soft, Action::RetryLater),
            (bounce_type, _) => (bounce_type, self.action()),
        }
    }

    /// The advice that fits [`Cause::judge`]: a hard cause that is only temporary does not advise removal.
    pub const fn advice_when(self, temporary: bool) -> &'static str {
        match (self.bounce_type(), temporary) {
            (BounceType::Hard, true) => {
                "This is only temporary so far: keep the address and let the queue try again. If the same reply keeps coming for days, or a permanent one follows, treat the address as dead."
            }
            _ => self.advice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_the_same_value() {
        for cause in Cause::ALL {
            assert_eq!(cause.name().parse::<Cause>().as_ref(), Ok(cause));
        }
        for action in Action::ALL {
            assert_eq!(action.name().parse::<Action>().as_ref(), Ok(action));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = "user-unknown".parse::<Cause>().unwrap_err().to_string();
        assert!(error.starts_with("unknown cause `user-unknown`, expected one of user_unknown, "), "{error}");
    }

    #[test]
    fn a_temporary_failure_never_removes_an_address() {
        for cause in Cause::ALL {
            let (bounce_type, action) = cause.judge(true);
            assert_ne!(bounce_type, BounceType::Hard);
            assert!(!matches!(action, Action::RemoveAddress | Action::UpdateAddress), "{cause}");
        }
    }

    #[test]
    fn only_a_hard_cause_acts_on_the_list() {
        for cause in Cause::ALL {
            let on_the_list = matches!(cause.action(), Action::RemoveAddress | Action::UpdateAddress);
            assert_eq!(cause.bounce_type() == BounceType::Hard, on_the_list, "{cause}");
        }
    }
}
