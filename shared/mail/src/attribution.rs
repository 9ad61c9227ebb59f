//! The lines mail clients write above quoted history, in the languages people use.

/// How an attribution line ("On … Ada wrote:") begins and ends in one language. An empty beginning matches anything.
struct Attribution {
    begins: &'static [&'static str],
    /// The verb, somewhere in the line.
    verb: &'static [&'static str],
}

const ATTRIBUTIONS: [Attribution; 27] = [
    Attribution { begins: &["on "], verb: &["wrote"] },
    Attribution { begins: &["am ", "on "], verb: &["schrieb"] },
    Attribution { begins: &["le ", "on "], verb: &["a écrit", "a ecrit"] },
    Attribution { begins: &["el "], verb: &["escribió", "escribio", "va escriure"] },
    Attribution { begins: &["il "], verb: &["ha scritto"] },
    Attribution { begins: &["em ", "a ", "no dia "], verb: &["escreveu"] },
    Attribution { begins: &["op "], verb: &["schreef"] },
    Attribution { begins: &["den ", "on "], verb: &["skrev", "skreiv"] },
    Attribution { begins: &["på ", "tor", "fre", "mån", "man", "tir", "ons", "lør", "søn"], verb: &["skrev"] },
    Attribution { begins: &[], verb: &["kirjoitti"] },
    Attribution {
        begins: &["w dniu ", "dnia ", "pon", "wt", "śr", "czw", "pt", "sob", "niedz"],
        verb: &["napisał", "pisze"],
    },
    Attribution {
        begins: &["dne ", "po ", "út ", "st ", "čt ", "pá ", "so ", "ne "], verb: &["napsal", "odesílatel"]
    },
    Attribution { begins: &["dňa ", "po ", "ut ", "st ", "št ", "pi ", "so ", "ne "], verb: &["napísal"] },
    Attribution { begins: &[], verb: &["написал", "пишет", "писал"] },
    Attribution { begins: &[], verb: &["пише:", "написав", "написала"] },
    Attribution { begins: &[], verb: &["yazdı", "tarihinde şunu yazdı"] },
    Attribution { begins: &[], verb: &["ezt írta", "írta"] },
    Attribution { begins: &["în "], verb: &["a scris"] },
    Attribution { begins: &["la "], verb: &["a scris"] },
    Attribution { begins: &[], verb: &["έγραψε"] },
    Attribution { begins: &[], verb: &["написа"] },
    Attribution { begins: &[], verb: &["のメール", "書きました", "のメッセージ"] },
    Attribution { begins: &[], verb: &["写道", "寫道"] },
    Attribution { begins: &[], verb: &["님이 작성", "작성:"] },
    Attribution { begins: &["vào "], verb: &["đã viết"] },
    Attribution { begins: &["pada "], verb: &["menulis"] },
    Attribution { begins: &[], verb: &["כתב", "كتب"] },
];

/// Lines an attribution may be wrapped into.
const MAX_LINES: usize = 4;
/// The longest attribution, in bytes.
const MAX_BYTES: usize = 400;

/// How many lines from the start of `lines` are an attribution; 0 when they are none.
pub(crate) fn attribution_length(lines: &[&str]) -> usize {
    let mut joined = String::new();
    for (count, line) in lines.iter().take(MAX_LINES).enumerate() {
        let line = line.trim().trim_matches('*');
        if line.is_empty() || line.starts_with('>') || joined.len() + line.len() > MAX_BYTES {
            return 0;
        }
        if count > 0 {
            joined.push(' ');
        }
        joined.push_str(line);
        if line.ends_with([':', '：', '︰']) {
            return if is_attribution(&joined, count) { count + 1 } else { 0 };
        }
    }
    0
}

fn is_attribution(joined: &str, extra_lines: usize) -> bool {
    // Every attribution names a time or an address; ordinary sentences that end in a colon rarely do both.
    let dated = joined.chars().any(char::is_numeric) || joined.contains('@');
    if !dated {
        return false;
    }
    let lower = joined.to_lowercase();
    ATTRIBUTIONS.iter().any(|a| {
        let begins = a.begins.iter().any(|begin| lower.starts_with(begin)) || (a.begins.is_empty() && extra_lines <= 1);
        begins && a.verb.iter().any(|verb| lower.contains(verb))
    })
}

/// Labels of the author in the header block that Outlook and others put above the history.
const FROM: [&str; 26] = [
    "from",
    "von",
    "de",
    "da",
    "van",
    "från",
    "fra",
    "od",
    "от",
    "від",
    "kimden",
    "gönderen",
    "lähettäjä",
    "feladó",
    "expéditeur",
    "remitente",
    "mittente",
    "afzender",
    "avsändare",
    "afsender",
    "发件人",
    "寄件者",
    "差出人",
    "보낸 사람",
    "από",
    "מאת",
];

/// Labels of the other lines of that block: date, recipients, subject.
const OTHER: [&str; 62] = [
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "reply-to",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "envoyé",
    "à",
    "objet",
    "date d'envoi",
    "enviado",
    "enviado el",
    "fecha",
    "para",
    "asunto",
    "inviato",
    "data",
    "a",
    "oggetto",
    "enviada em",
    "assunto",
    "verzonden",
    "aan",
    "onderwerp",
    "skickat",
    "till",
    "ämne",
    "sendt",
    "til",
    "emne",
    "wysłano",
    "do",
    "temat",
    "odesláno",
    "komu",
    "předmět",
    "отправлено",
    "кому",
    "тема",
    "дата",
    "надіслано",
    "gönderildi",
    "kime",
    "konu",
    "tarih",
    "lähetetty",
    "vastaanottaja",
    "aihe",
    "elküldve",
    "címzett",
    "tárgy",
    "发送时间",
    "收件人",
    "主题",
    "送信日時",
    "宛先",
    "件名",
    "받는 사람",
];

/// Whether `lines` start with such a block: an author and at least two of the other labels below.
pub(crate) fn is_header_block(lines: &[&str]) -> bool {
    let label = |line: &str| -> Option<String> {
        let line = line.trim().trim_matches('*');
        let end = line.find([':', '：'])?;
        // A label is short; its longest is a few words.
        (end <= 40).then(|| line[..end].trim().trim_matches('*').to_lowercase())
    };
    let Some(first) = lines.first().and_then(|line| label(line)) else { return false };
    if !FROM.contains(&first.as_str()) {
        return false;
    }
    let others = lines.iter().skip(1).take(7).filter_map(|line| label(line));
    others.filter(|other| OTHER.contains(&other.as_str())).count() >= 2
}

/// Words between dashes that open the history ("-----Original Message-----").
const ORIGINAL: [&str; 22] = [
    "original message",
    "original appointment",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "mensagem original",
    "oorspronkelijk bericht",
    "originalmeddelande",
    "ursprungligt meddelande",
    "opprinnelig melding",
    "oprindelig meddelelse",
    "oprindelig besked",
    "wiadomość oryginalna",
    "původní zpráva",
    "исходное сообщение",
    "özgün ileti",
    "alkuperäinen viesti",
    "eredeti üzenet",
    "原始邮件",
];

/// Words between dashes that open a forwarded message.
const FORWARDED: [&str; 14] = [
    "forwarded message",
    "begin forwarded message",
    "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht",
    "message transféré",
    "début du message transféré",
    "mensaje reenviado",
    "messaggio inoltrato",
    "inizio messaggio inoltrato",
    "mensagem encaminhada",
    "doorgestuurd bericht",
    "vidarebefordrat meddelande",
    "пересылаемое сообщение",
    "转发的邮件",
];

fn between_dashes(line: &str) -> Option<String> {
    let line = line.trim();
    let inner = line.trim_matches(['-', '_', ' ', '*']);
    (line.len() < 200 && (line.starts_with("--") || line.starts_with("__")) && !inner.is_empty())
        .then(|| inner.to_lowercase())
}

/// Whether a line says that the original message follows.
pub(crate) fn is_original_marker(line: &str) -> bool {
    between_dashes(line).is_some_and(|words| ORIGINAL.contains(&words.as_str()))
}

/// Whether a line says that a forwarded message follows.
pub(crate) fn is_forward_marker(line: &str) -> bool {
    let by_dashes = between_dashes(line).is_some_and(|words| FORWARDED.contains(&words.as_str()));
    let bare = line.trim().trim_start_matches(['>', ' ']);
    let by_colon = bare.len() < 100
        && bare.strip_suffix(':').is_some_and(|words| FORWARDED.contains(&words.trim().to_lowercase().as_str()));
    by_dashes || by_colon
}

/// Beginnings of the line that a phone or an app adds below the text.
const SENT_FROM: [&str; 26] = [
    "sent from my ",
    "sent from mail for ",
    "sent from outlook",
    "sent from yahoo",
    "sent from proton",
    "sent via ",
    "sent with ",
    "get outlook for ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "diese nachricht wurde von meinem ",
    "holen sie sich outlook",
    "outlook für ",
    "envoyé de mon ",
    "envoyé depuis ",
    "obtenez outlook",
    "télécharger outlook",
    "enviado desde mi ",
    "enviado do meu ",
    "obtener outlook",
    "inviato da ",
    "verstuurd vanaf ",
    "skickat från ",
    "sendt fra min ",
    "отправлено с ",
];

/// Whether a line is the footer of a phone or an app.
pub(crate) fn is_app_footer(line: &str) -> bool {
    let lower = line.trim().to_lowercase();
    lower.chars().count() <= 90 && SENT_FROM.iter().any(|start| lower.starts_with(start))
}
