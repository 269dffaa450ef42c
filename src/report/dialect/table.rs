//! The table of dialects, in the order in which their marks are looked for: the more exact marks first.

use crate::report::mark::Mark::{self, Field, FieldHolds, From, Says, Subject};

/// A mail system's own way to write a report.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The name that output gives.
    pub name: &'static str,
    /// Any one of these groups of marks, each whole, makes it known.
    pub known_by: &'static [&'static [Mark]],
}

const fn dialect(name: &'static str, known_by: &'static [&'static [Mark]]) -> Dialect {
    Dialect { name, known_by }
}

/// All dialects. Each line of marks, whole, makes its dialect known.
pub(in crate::report) const DIALECTS: &[Dialect] = &[
    dialect(
        "postfix",
        &[
            &[Says("this is the mail system at host")],
            &[Says("this is the postfix program at host")],
            &[Says("this is the postfix mail system")],
            &[Says("the postfix program"), Says("could not be delivered")],
        ],
    ),
    dialect(
        "james",
        &[&[Says("james mail server at")], &[Says("this is the apache james")], &[Says("message details:"), Says("rcpt to:")]],
    ),
    dialect(
        "qmail",
        &[
            &[Says("this is the qmail-send program")],
            &[Says("i'm afraid i wasn't able to deliver your message")],
            &[Says("remote host said:"), Subject("failure notice")],
            &[Says("this is the deliver program at")],
            &[Says("this is the mail delivery agent at messagelabs.com")],
        ],
    ),
    dialect("dragonfly", &[&[Says("this is the dragonfly mail agent")]]),
    dialect(
        "opensmtpd",
        &[&[Says("this is the mailer-daemon, please do not reply to this e-mail")], &[Says("this is the opensmtpd")]],
    ),
    dialect("active-hunter", &[&[Field("X-AHMailID")]]),
    dialect("amavis", &[&[Says("our content checker found")], &[From("content-filter at")]]),
    dialect("barracuda", &[&[Says("blocked by our spam firewall")], &[Subject("blocked by our bulk email filter")]]),
    dialect("aol", &[&[Field("X-AOL-IP")], &[From("@aol.com"), Says("not accepting mail from")]]),
    dialect("mxlogic", &[&[Field("X-MX-Bounce")], &[FieldHolds("X-MXL-Hash", "-")]]),
    dialect(
        "gmx",
        &[
            &[
                Says("this message was created automatically by mail delivery software"),
                Says("the header of the original message is following"),
            ],
            &[From("mailer-daemon@gmx"), Says("created automatically by mail delivery software")],
            &[Field("X-UI-Out-Filterresults")],
            &[From("kundenserver.de")],
            &[Field("X-GMX-Antispam")],
        ],
    ),
    dialect("zoho", &[&[Field("X-ZohoMail")], &[FieldHolds("X-Mailer", "zoho mail")], &[Says("error_code :")]]),
    dialect(
        "mail-ru",
        &[
            &[From("mailer-daemon@corp.mail.ru")],
            &[From("@mail.ru"), Field("X-Failed-Recipients")],
            &[FieldHolds("Message-ID", ".mail.ru>"), Says("created automatically by mail delivery software")],
        ],
    ),
    dialect("gmail", &[&[From("mailer-daemon@googlemail.com")], &[From("mailer-daemon@google.com")]]),
    dialect("google-groups", &[&[Says("google groups")], &[Says("groups.google.com")]]),
    dialect("yandex", &[&[From("mailer-daemon@yandex")]]),
    dialect(
        "exim",
        &[
            &[Says("this message was created automatically by mail delivery software")],
            &[Field("X-Failed-Recipients")],
            &[FieldHolds("Message-ID", "<e1"), Says("mail delivery software")],
        ],
    ),
    dialect(
        "yahoo",
        &[
            &[Subject("failure notice"), Says("unable to deliver your message to the following address")],
            &[From("mailer-daemon@yahoo")],
        ],
    ),
    dialect("biglobe", &[&[From("biglobe.ne.jp")]]),
    dialect("ezweb", &[&[From("ezweb.ne.jp")], &[From("au.com"), Subject("mail system error")], &[Field("X-SPASIGN")]]),
    dialect("kddi", &[&[Says("your mail sent on:"), Says("could not be delivered to:")]]),
    dialect("m-filter", &[&[FieldHolds("X-Mailer", "m-filter")], &[Says("-------server message")]]),
    dialect("trend-micro", &[&[Says("sent <<<"), Says("received >>>")], &[FieldHolds("Received", "interscan")]]),
    dialect(
        "sendmail",
        &[
            &[Says("----- transcript of session follows -----")],
            &[Says("the following addresses had permanent fatal errors")],
            &[Says("the following addresses had transient non-fatal errors")],
            &[Says("while talking to"), Says("<<< ")],
        ],
    ),
    dialect(
        "exchange-online",
        &[
            &[Says("office 365"), Says("remote server returned")],
            &[Says("couldn't be delivered to"), Says("microsoft 365")],
            &[Says("couldn't be delivered"), Says("more info for email admins")],
        ],
    ),
    dialect(
        "exchange",
        &[
            &[From("microsoftexchange329e71ec88ae4615bbc36ab6ce41109e")],
            &[Says("did not reach the following recipient(s)")],
            &[Says("generating server:")],
            &[Says("sent by microsoft exchange server")],
            &[Says("msexch:")],
            &[FieldHolds("X-Mailer", "internet mail service")],
            &[Field("X-DSNContext")],
        ],
    ),
    dialect(
        "courier",
        &[&[Says("this is a delivery status notification from"), Says("courier")], &[Says("running the courier mail server")]],
    ),
    dialect("notes", &[&[Says("------- failure reasons")]]),
    dialect(
        "domino",
        &[&[Subject("delivery failure:"), Says("was not delivered to:")], &[Says("not listed in domino directory")]],
    ),
    dialect("messaging-server", &[&[Says("this report relates to a message you sent with the following header fields")]]),
    dialect("hmailserver", &[&[Says("hmailserver")]]),
    dialect(
        "imail",
        &[
            &[FieldHolds("X-Mailer", "<smtp32")],
            &[Says("undeliverable to "), From("postmaster")],
            &[Says("generated following response")],
        ],
    ),
    dialect("mdaemon", &[&[From("mdaemon@")], &[Says("--- session transcript ---")], &[Field("X-MDaemon-Deliver-To")]]),
    dialect("mailenable", &[&[FieldHolds("X-Mailer", "mailenable")], &[Says("mailenable: message delivery failure")]]),
    dialect("mailmarshal", &[&[FieldHolds("X-Mailer", "mailmarshal")], &[Says("the following recipients were affected")]]),
    dialect("mailfoundry", &[&[Says("this is a mailfoundry")], &[Says("unable to deliver message to: <")]]),
    dialect("surfcontrol", &[&[FieldHolds("X-Mailer", "surfcontrol")], &[Says("surfcontrol")]]),
    dialect("communigate", &[&[FieldHolds("X-Mailer", "communigate pro")], &[Says("failed to deliver to '")]]),
    dialect("groupwise", &[&[FieldHolds("X-Mailer", "groupwise")], &[Says("undeliverable to the following:")]]),
    dialect("mimecast", &[&[Says("an email you addressed to email address :")]]),
    dialect("powermta", &[&[Says("find a list of the affected recipients")]]),
    dialect("sendgrid", &[&[Says("automatically generated message from sendgrid")]]),
    dialect("sina", &[&[FieldHolds("X-Mailer", "sinamail")], &[From("mailer-daemon@sina")]]),
    dialect("qq", &[&[From("postmaster@qq.com")], &[From("postmaster@tencent")]]),
    dialect("netease", &[&[From("postmaster@163.com")], &[From("postmaster@126.com")], &[From("postmaster@yeah.net")]]),
    dialect("smail", &[&[Says("failed addresses follow:")]]),
    dialect("verizon", &[&[From("vzwpix.com")], &[From("vtext.com")]]),
    dialect("xwall", &[&[FieldHolds("X-Mailer", "xwall")]]),
    dialect("fml", &[&[Field("X-MLServer")]]),
    dialect("mailman", &[&[Field("X-Mailman-Version"), Says("mailing list")]]),
    dialect("sympa", &[&[FieldHolds("X-Mailer", "sympa")], &[From("sympa@")]]),
    dialect("listserv", &[&[From("listserv@")]]),
    dialect("ezmlm", &[&[Says("ezmlm program")]]),
];
