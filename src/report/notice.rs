//! The prose of a mail and the signs by which people's machines say "not delivered".
//!
//! In: a mail taken apart. Out: the lines that its writer wrote (the quoted original cut off), and how plainly sender,
//! subject and words make it a notice of failure, of delay or of success. It names no recipient.

use super::address;
use crate::limits::{PROSE_LINES, TEXT_BYTES};
use crate::mail::{Mail, Part};

/// The prose of a mail and what its outside says.
#[derive(Debug, Default)]
pub(super) struct Notice {
    /// The writer's own lines, before the quoted original.
    pub(super) lines: Vec<String>,
    /// The quoted original, where it stands in the same text.
    pub(super) quoted: Option<String>,
    /// Not all lines were read.
    pub(super) cut: bool,
    /// Lower-case subject.
    pub(super) subject: String,
    /// Who wrote it.
    pub(super) from: Option<String>,
    /// To whom it was written: the sender of the original.
    pub(super) to: Vec<String>,
    /// The lines as one lower-case text, quoted lines left out.
    pub(super) words: String,
    system_sender: bool,
    system_name: bool,
    null_sender: bool,
    automatic: bool,
    names_failed: bool,
    is_report: bool,
    answers: bool,
    is_bulk: bool,
}

/// Subjects and sentences that say that a message did not arrive, in lower case.
const FAILURE: &[&str] = &[
    // English
    "undeliver",
    "delivery failure",
    "delivery has failed",
    "delivery failed",
    "delivery to the following",
    "failed delivery",
    "failure notice",
    "returned mail",
    "return mail",
    "mail delivery fail",
    "delivery status notification",
    "delivery notification",
    "delivery report",
    "delivery problem",
    "delivery error",
    "delivery issue",
    "mail system error",
    "mail error",
    "nondeliver",
    "non-deliver",
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "can't be delivered",
    "can not be delivered",
    "not be delivered",
    "not delivered",
    "was not delivered",
    "wasn't delivered",
    "wasn't able to deliver",
    "not able to deliver",
    "unable to deliver",
    "unable to be delivered",
    "failed to deliver",
    "failed to send",
    "did not reach",
    "didn't reach",
    "error sending your mail",
    "mail failed",
    "message failed",
    "failed mail",
    "failed to be delivered",
    "trouble delivering",
    "error occurred while trying to deliver",
    "error has occurred while attempting to deliver",
    "error was encountered while",
    "error while attempting to deliver",
    "there was an error delivering",
    "recipients failed",
    "recipient failed",
    "addresses failed",
    "address(es) failed",
    "did not receive",
    "permanent fatal error",
    "permanent error",
    "rejected by the recipient",
    "has been rejected",
    "was rejected",
    "returned to sender",
    "returning message to sender",
    "message rejected",
    "message blocked",
    "address not found",
    "invalid user address",
    "user unknown",
    "mail refused",
    "mail could not be",
    "message could not be",
    "email could not be",
    "e-mail could not be",
    "unknown user",
    "undelivered",
    "non delivery",
    "had delivery problems",
    "delivery error",
    "nameserver error report",
    "did not match",
    "does not exist",
    "you are not a member",
    "not are member",
    "are not member",
    "bounced",
    "was not accepted",
    "were rejected",
    "blocked your message",
    "no such user",
    "not sent",
    "is not deliverable",
    // German
    "unzustellbar",
    "nicht zugestellt",
    "nicht zustellbar",
    "zustellung fehlgeschlagen",
    "zustellungsfehler",
    "konnte nicht",
    "fehler bei der übermittlung",
    "nicht übermittelt",
    "zurückgewiesen",
    "unbekannter empfänger",
    // French
    "non remis",
    "non délivré",
    "non distribu",
    "échec de la remise",
    "échec de remise",
    "n'a pas pu être",
    "n'a pu être",
    "impossible de remettre",
    "impossible de délivrer",
    "échec de livraison",
    "n'existe pas",
    "pas été remis",
    "echec",
    // Spanish
    "no se puede entregar",
    "no se ha podido entregar",
    "no se pudo entregar",
    "no pudo ser entregado",
    "no entregado",
    "no entregable",
    "no ha podido ser entregado",
    "error de entrega",
    "fallo en la entrega",
    "no se ha entregado",
    "no existe",
    "devuelto",
    // Portuguese
    "não foi possível entregar",
    "não pôde ser entregue",
    "não pode ser entregue",
    "nao pode ser entregue",
    "não entregue",
    "não foi entregue",
    "falha na entrega",
    "mensagem devolvida",
    "falha ao entregar",
    "não existe",
    // Italian
    "mancato recapito",
    "mancata consegna",
    "non recapitabile",
    "impossibile recapitare",
    "impossibile consegnare",
    "non è stato possibile recapitare",
    "non è stato possibile consegnare",
    "non consegnato",
    "non recapitato",
    // Dutch
    "onbestelbaar",
    "niet bezorgd",
    "niet afgeleverd",
    "kon niet worden",
    "bezorging mislukt",
    "niet worden bezorgd",
    "niet worden afgeleverd",
    // Polish
    "niedostarcz",
    "nie dostarczono",
    "nie można dostarczyć",
    "nie mogła zostać dostarczona",
    "nie została dostarczona",
    "nie zostala dostarczona",
    "nie może zostać dostarczona",
    "nie udało się dostarczyć",
    "zwrot wiadomości",
    // Russian, Ukrainian
    "не доставлен",
    "недоставлен",
    "не было доставлено",
    "не удалось доставить",
    "не может быть доставлен",
    "не могло быть доставлено",
    "ошибка доставки",
    "невозможно доставить",
    "возврат сообщения",
    "не доставлено",
    "недоставлен",
    "не вдалося доставити",
    // Japanese
    "配信不能",
    "配信エラー",
    "配達不能",
    "配信できません",
    "配信でき",
    "配送でき",
    "送信できません",
    "送信でき",
    "送付でき",
    "届けでき",
    "届きません",
    "エラーメール",
    "不達",
    "返送",
    "お届けできません",
    "配信に失敗",
    "送信に失敗",
    "配送に失敗",
    "存在しない",
    "見つかりません",
    "配達できません",
    // Chinese
    "退信",
    "退回",
    "无法投递",
    "投递失败",
    "无法送达",
    "无法发送",
    "未能送达",
    "发送失败",
    "無法傳遞",
    "無法投遞",
    "無法送達",
    "傳送失敗",
    "退件",
    "不存在",
    // Korean
    "반송",
    "배달되지",
    "배달할 수 없",
    "전송 실패",
    "전송에 실패",
    "배달 실패",
    "전달되지",
    "발송 실패",
    "보내지 못",
    // Others
    "kan ikke leveres",
    "ikke leveret",
    "kunde inte levereras",
    "obeställbar",
    "ej levererat",
    "toimittaminen epäonnistui",
    "ei voitu toimittaa",
    "nelze doručit",
    "nedoručiteln",
    "kézbesíthetetlen",
    "teslim edilemedi",
    "iletilemedi",
    "δεν παραδόθηκε",
    "nu a putut fi livrat",
];

/// Subjects and sentences that say that it will be tried again.
const DELAY: &[&str] = &[
    "delayed",
    "(delay)",
    "delivery delay",
    "warning: could not send",
    "not yet been delivered",
    "not been delivered yet",
    "will be retried",
    "delivery attempts will continue",
    "attempts to deliver",
    "this is a warning message only",
    "temporary problem delivering",
    "will keep trying",
    "delivery incomplete",
    "will continue to try",
    "still being retried",
    "will retry for",
    "still trying",
    "will try again",
    "continue trying to deliver",
    "deferred",
    "delivery attempt",
    "you do not need to resend",
    "could not be delivered for",
    "verzögert",
    "noch nicht zugestellt",
    "weiterhin versucht",
    "retardé",
    "différé",
    "retrasad",
    "demorado",
    "atrasad",
    "ritard",
    "vertraagd",
    "opóźnion",
    "задерж",
    "отложен",
    "遅延",
    "遅れ",
    "延迟",
    "延遲",
    "지연",
    "再送信",
];

/// Words that make a delay final.
const FINAL: &[&str] = &[
    "permanent error",
    "permanent fatal",
    "failed permanently",
    "permanent failure",
    "given up",
    "giving up",
    "gave up",
    "will not be retried",
    "won't be retried",
    "no further attempts",
    "retry timeout exceeded",
    "retry time not reached for any host after",
    "has been in the queue too long",
    "could not be delivered within",
    "returned to sender",
    "returning message to sender",
    "endgültig",
    "no longer be tried",
    "will not try",
];

/// Subjects and sentences that say that it arrived.
const SUCCESS: &[&str] = &[
    "successfully delivered",
    "successful mail delivery",
    "notification (success)",
    "was delivered to",
    "has been delivered",
    "erfolgreich zugestellt",
    "delivery successful",
    "notification (relay)",
    "delivered successfully",
];

/// Sentences of a filter that refuses (RFC 5429).
const REJECTED: &[&str] = &[
    "was automatically rejected",
    "has been rejected",
    "was rejected",
    "is rejected",
    "automatically rejected",
    "refused by",
    "quota exceeded",
    "is over quota",
    "mailbox is full",
];

/// Display names of mail systems.
const SYSTEM_NAMES: &[&str] = &[
    "mail delivery",
    "mailer-daemon",
    "mailer daemon",
    "postmaster",
    "mail daemon",
    "system administrator",
    "systemadministrator",
    "mail administrator",
    "mail system",
    "mail router",
    "internet mail",
    "administrateur",
    "administrador del sistema",
    "amministratore di sistema",
    "delivery subsystem",
    "returned mail",
    "microsoft outlook",
    "mmsc ndr",
    "gateway",
    "automated response",
    "mail server",
    "email delivery",
    "メール配信",
];

/// Lines after which the original follows, in lower case.
const ORIGINAL_FOLLOWS: &[&str] = &[
    "below this line is a copy of the message",
    "below the next line is a copy of the message",
    "this is a copy of the message",
    "this is a copy of your message",
    "copy of the original message",
    "copy of your message",
    "original message follows",
    "message header follows",
    "message headers follow",
    "original message header",
    "header of the original message",
    "headers of the original",
    "unsent message",
    "undelivered message follows",
    "message text follows",
    "original message as received",
    "original message is attached",
    "the original message was included",
    "the original mail headers",
    "returned message ---",
    "returned message follows",
    "returned message below",
    "original message ---",
    "---original message",
    "--- original message",
    "- original message -",
    "--- undelivered message",
    "the body of the message is",
    "begin of original",
    "-------original",
    "----- message header",
    "failed message follows",
    "message contents follow",
    "------ original",
    "included message",
    "text of your message",
    "old message:",
    "your original message",
    "rejected message follows",
    "ursprüngliche nachricht",
    "ursprünglichen nachricht",
    "originalnachricht",
    "kopie der nachricht",
    "message d'origine",
    "message original",
    "en-têtes de message d'origine",
    "mensaje original",
    "encabezados del mensaje original",
    "mensagem original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "oryginalna wiadomość",
    "исходное сообщение",
    "исходного сообщения",
    "元のメッセージ",
    "オリジナルメッセージ",
    "送信メッセージ",
    "原始邮件",
    "原邮件",
    "原始郵件",
    "원본 메시지",
    "원본 메일",
];

/// Fields whose presence at the left margin makes a run of fields a quoted header.
const HEADER_FIELDS: &[&str] = &[
    "received",
    "return-path",
    "message-id",
    "mime-version",
    "content-type",
    "dkim-signature",
    "delivered-to",
    "x-mailer",
    "user-agent",
    "content-transfer-encoding",
    "x-originating-ip",
    "domainkey-signature",
    "arc-seal",
    "x-received",
];

impl Notice {
    pub(super) fn of(mail: &Mail<'_>) -> Self {
        let (text, cut) = prose(mail);
        let mut notice = Notice { cut, ..Notice::default() };
        let mut lines: Vec<String> =
            text.lines().take(PROSE_LINES).map(|line| line.replace('\u{A0}', " ").trim_end().to_owned()).collect();
        notice.cut |= text.lines().nth(PROSE_LINES).is_some();
        if let Some(at) = original_start(&lines) {
            notice.quoted = Some(lines.split_off(at).join("\n"));
        }
        notice.lines = lines;
        notice.words = notice
            .lines
            .iter()
            .filter(|line| !line.trim_start().starts_with(['>', '|']) || line.trim_start().starts_with(">>>"))
            .flat_map(|line| [line.trim().to_lowercase(), " ".to_owned()])
            .collect::<String>()
            .replace('\u{2019}', "'");
        let header = &mail.header;
        notice.subject = header.text("Subject").unwrap_or_default().to_lowercase();
        let from = header.text("From").unwrap_or_default();
        notice.from = address::find_all(&from).into_iter().next().map(|found| found.address);
        notice.to = header
            .text("To")
            .map(|to| address::find_all(&to).into_iter().take(64).map(|found| found.address).collect())
            .unwrap_or_default();
        notice.system_sender = match &notice.from {
            Some(from) => {
                address::is_system(from) || from.split('@').next().is_some_and(|local| local.eq_ignore_ascii_case("ndr"))
            }
            None => header.has("From") && (from.contains("<>") || address::is_system(from.trim())),
        };
        let lower = from.to_lowercase();
        notice.system_name = SYSTEM_NAMES.iter().any(|name| lower.contains(name));
        let return_path = header.text("Return-Path").unwrap_or_default();
        notice.null_sender = return_path.trim() == "<>"
            || address::clean(&return_path).is_some_and(|path| address::is_system(&path))
            || header.text("Envelope-From").is_some_and(|path| path.trim() == "<>");
        notice.automatic =
            header.text("Auto-Submitted").is_some_and(|value| !value.trim().to_ascii_lowercase().starts_with("no"));
        notice.names_failed = header.has("X-Failed-Recipients");
        notice.is_report = mail.parameter("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"))
            || mail.parts.iter().any(|part| part.media_type == "message/delivery-status");
        let reply = ["re:", "aw:", "sv:", "rv:", "fwd:", "fw:", "wg:", "tr:", "回复", "答复", "转发"]
            .iter()
            .any(|mark| notice.subject.starts_with(mark));
        notice.answers = reply || header.has("In-Reply-To");
        notice.is_bulk = header.has("List-Unsubscribe") || header.has("List-ID");
        notice
    }

    /// Whether the mail is plainly a notice about a message that did not arrive, or not yet.
    pub(super) fn is_failure(&self) -> bool {
        let mut points = 0;
        points += if self.names_failed { 3 } else { 0 };
        points += if self.system_sender { 2 } else { i32::from(self.system_name) };
        points += i32::from(self.null_sender);
        points += i32::from(self.automatic);
        points += i32::from(self.is_report);
        let subject = says(&self.subject, FAILURE) || says(&self.subject, DELAY);
        let body = says(&self.words, FAILURE) || says(&self.words, DELAY);
        points += if subject { 2 } else { 0 };
        points += if body { 2 } else { 0 };
        if !self.system_sender && !self.names_failed {
            points -= if self.answers { 2 } else { 0 };
            points -= if self.is_bulk && !self.null_sender { 3 } else { 0 };
        }
        points >= 4 && (subject || body)
    }

    /// Whether sender or envelope are those of a mail system.
    pub(super) fn is_from_system(&self) -> bool {
        self.system_sender || self.null_sender || self.names_failed || self.is_report
    }

    /// Whether a delay is announced, and no end of the attempts.
    pub(super) fn says_delayed(&self) -> bool {
        if says(&self.subject, &["(delay)", "delayed", "warning:", "delivery incomplete", "verzögert", "retardé", "遅延", "延迟"])
        {
            return !says(&self.words, &["retry timeout exceeded", "given up", "failed permanently"]);
        }
        says(&self.words, DELAY)
            && !says(&self.words, FINAL)
            && !says(&self.subject, &["fail", "undeliver", "returned", "(failure)", "退信"])
    }

    /// Whether the message is said to have arrived.
    pub(super) fn says_delivered(&self) -> bool {
        (says(&self.subject, SUCCESS) || says(&self.words, SUCCESS))
            && !says(&self.subject, FAILURE_BUT_NOTIFICATION)
            && !says(&self.words, &["not deliver", "n't deliver", "fail", "reject", "permanent"])
    }

    /// Whether the message is said to have been refused by a filter.
    pub(super) fn says_rejected(&self) -> bool {
        says(&self.words, REJECTED)
    }
}

const FAILURE_BUT_NOTIFICATION: &[&str] = &["fail", "undeliver", "returned", "delay"];

/// Whether a lower-case text holds one of the words.
pub(super) fn says(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// The text for people: the parts before the report and the returned message; HTML only where plain text says nothing.
fn prose(mail: &Mail<'_>) -> (String, bool) {
    let stop = mail
        .parts
        .iter()
        .position(|part| part.media_type.starts_with("message/") || part.is_original())
        .unwrap_or(mail.parts.len());
    let (before, after) = mail.parts.split_at(stop);
    let mut cut = false;
    let mut text = join(before, |part| part.is_text() && !part.is_html() && !part.is_alternative, &mut cut);
    if !text.contains('@') {
        text.push_str(&join(before, |part| part.is_html() || (part.is_text() && part.is_alternative), &mut cut));
    }
    if text.trim().is_empty() {
        text = join(after, |part| part.is_text() && !part.is_alternative, &mut cut);
    }
    (text, cut)
}

fn join(parts: &[Part<'_>], wanted: impl Fn(&Part<'_>) -> bool, cut: &mut bool) -> String {
    let mut joined = String::new();
    for part in parts.iter().filter(|part| wanted(part)) {
        if joined.len() > TEXT_BYTES {
            *cut = true;
            break;
        }
        *cut |= part.body.len() > TEXT_BYTES;
        joined.push_str(&part.text());
        joined.push('\n');
    }
    joined
}

/// The line where the quoted original begins: behind a sentence that announces it, or where a run of header fields stands.
fn original_start(lines: &[String]) -> Option<usize> {
    let mut text_before = false;
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        if text_before && trimmed.len() < 160 && announces_original(trimmed, &lines[at + 1..]) {
            return Some(at);
        }
        if text_before && is_header_field(line) && begins_header(&lines[at..]) {
            return Some(at);
        }
        text_before |= trimmed.len() > 8 && !trimmed.starts_with("--");
    }
    None
}

fn announces_original(line: &str, rest: &[String]) -> bool {
    let lower = line.to_lowercase();
    let rule = line.starts_with(['-', '=', '_', '|', '*', '#', '<'])
        || line.ends_with([':', '.', '-', '=', ']', '|'])
        || lower.contains("follow")
        || lower.contains("below");
    if !(rule && says(&lower, ORIGINAL_FOLLOWS)) {
        return false;
    }
    // A sentence may speak of the original without showing it: then the report goes on with a reply.
    let soon: Vec<&String> = rest.iter().filter(|line| !line.trim().is_empty()).take(6).collect();
    line.starts_with(['-', '=', '|', '_', '*'])
        || soon.is_empty()
        || soon.iter().any(|line| field_like(line.trim_start_matches(['>', ' ', '\t', '|'])))
        || lower.contains("follow")
        || lower.contains("below")
}

fn field_like(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.len() < 60
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

fn is_header_field(line: &str) -> bool {
    let line = line.strip_prefix('>').unwrap_or(line);
    let line = line.strip_prefix(' ').unwrap_or(line);
    line.starts_with(|c: char| c.is_ascii_alphabetic()) && field_like(line)
}

/// Whether several fields of a message header follow one another here.
fn begins_header(lines: &[String]) -> bool {
    let mut fields = 0;
    let mut sure = false;
    for line in lines.iter().take(12) {
        let line = line.strip_prefix('>').unwrap_or(line);
        if line.trim().is_empty() {
            break;
        }
        if is_header_field(line) {
            fields += 1;
            let name = line.trim_start().split(':').next().unwrap_or_default().to_ascii_lowercase();
            sure |= HEADER_FIELDS.contains(&name.as_str());
        } else if !line.starts_with([' ', '\t']) && fields == 0 {
            return false;
        }
    }
    fields >= 3 && sure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(raw: &str) -> Notice {
        Notice::of(&Mail::parse(raw.as_bytes()))
    }

    #[test]
    fn the_quoted_original_is_cut_off() {
        let notice = notice(
            "Subject: x\n\nNot delivered to you:\n\njo@example.com\n\n--- Below this line is a copy of the message.\n\nTo: other@example.com\n",
        );
        assert_eq!(notice.lines.len(), 4);
        assert!(notice.quoted.is_some_and(|quoted| quoted.contains("other@example.com")));
        let notice = self::notice("Subject: x\n\nNot delivered.\n\nReceived: from a\n by b\nMessage-ID: <a@b>\nTo: c\n\nbody");
        assert_eq!(notice.lines, ["Not delivered.", ""]);
    }

    #[test]
    fn a_notice_is_known_by_sender_subject_and_words_together() {
        assert!(notice("From: MAILER-DAEMON@example.com\nSubject: failure notice\n\nSorry").is_failure());
        assert!(
            notice("Return-Path: <>\nFrom: post.master@example.com\nSubject: x\n\nYour mail could not be delivered").is_failure()
        );
        assert!(
            !notice(
                "From: jo@example.com\nSubject: Re: failure notice\nIn-Reply-To: <a@b>\n\n> could not be delivered\nwhat is this?"
            )
            .is_failure()
        );
        assert!(!notice("From: news@example.com\nList-Unsubscribe: <x>\nSubject: Delivery failed? What to do\n\nMail that could not be delivered").is_failure());
    }
}
