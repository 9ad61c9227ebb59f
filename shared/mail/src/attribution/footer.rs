//! The line a phone or an app adds below a mail ("Sent from my iPhone").

use std::{borrow::Cow, sync::LazyLock};

use super::{clean, phrases::Beginnings};

/// The longest footer, in bytes, in characters and in words.
const MAX_BYTES: usize = 300;
const MAX_CHARS: usize = 80;
const MAX_WORDS: usize = 12;
/// Words behind the preposition, without articles and the like, among which the device must stand: "Sent from my Acme,
/// Galaxy smartphone", but not "Sent from Hamburg by Galaxy Logistics".
const REACH: usize = 2;

/// Whether a line is the footer of a phone or an app: words that say so, with the preposition, and a device as a word of
/// its own. People send things, too: "Sent by registered mail on Friday" is none.
pub(crate) fn is_app_footer(line: &str) -> bool {
    let line = bare(line);
    if line.len() > MAX_BYTES {
        return false;
    }
    if is_own_model(line) {
        return true;
    }
    let line = &*without_links(line);
    // The address behind the name of the app says nothing.
    let said = without_addresses(line);
    let said = said.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '!' | '。' | '>'));
    // In lower case it has no fewer characters.
    if said.chars().count() > MAX_CHARS {
        return false;
    }
    let said = &*said.to_lowercase();
    if said.chars().count() > MAX_CHARS || said.split_whitespace().count() > MAX_WORDS {
        return false;
    }
    let whole = |(phrase, rest)| if is_whole(phrase, rest) { Some(rest) } else { None };
    is_app(said)
        || is_phone_alone(said)
        || BEGINS_SENT_FROM.found_in(said).filter_map(whole).any(|rest| names_device(rest, REACH))
        || AROUND.iter().filter(|(_, end)| end.as_bytes().last() == said.as_bytes().last()).any(|(begin, end)| {
            let inside = said.strip_suffix(end).and_then(|rest| rest.strip_prefix(begin));
            inside.is_some_and(|inside| names_device(inside, MAX_WORDS))
        })
        || BEGINS_OUTLOOK_FOR.found_in(said).filter_map(whole).any(|rest| {
            let mut rest = words(rest).filter(|word| !FILLERS.contains(word));
            rest.next().is_some_and(|word| PLATFORMS.iter().any(|platform| word.starts_with(platform)))
                && rest.all(|word| PLATFORMS.contains(&word) || FETCH.contains(&word))
        })
        || OUTLOOK_ENDS.iter().any(|end| said.ends_with(end)) && said.contains("outlook")
}

static BEGINS_SENT_FROM: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(SENT_FROM));
static BEGINS_OUTLOOK_FOR: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(OUTLOOK_FOR));
static BEGINS_WITH: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(WITH));
static BEGINS_ADVERT: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(ADVERTS));
static BEGINS_OWN: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(OWN));

/// A line without what people and apps put around it: brackets, emphasis, rules of a few marks.
fn bare(line: &str) -> &str {
    let line = clean(line).trim_matches(|c: char| {
        matches!(c, '_' | '~' | '-' | '–' | '—' | '*' | '|' | '•' | '/' | ' ' | '.' | '…' | '\u{2060}'..='\u{2064}')
    });
    let pairs = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')];
    let inner = |line| pairs.iter().find_map(|(open, close)| str::strip_prefix(line, *open)?.strip_suffix(*close));
    let without = inner(line).filter(|inner| !inner.contains("](")).unwrap_or(line);
    clean(inner(without).unwrap_or(without))
}

/// Whether a line, in lower case, says that it was sent with an app whose name is a word of its own, and no more: "Sent from Front".
fn is_app(said: &str) -> bool {
    /// The longest advert of a client, in words.
    const MAX_ADVERT: usize = 10;
    let rest = BEGINS_WITH.behind_in(said);
    // "Yahoo Mail: Search, Organize, Conquer".
    said.starts_with("yahoo mail: search, organi")
        || rest.is_some_and(|rest| APPS.contains(&rest) || rest.ends_with(" using tapatalk"))
        || (BEGINS_ADVERT.begin(said) && !said.contains([',', '?']) && said.split_whitespace().count() <= MAX_ADVERT)
}

/// Whether a line, in lower case, says that it was sent from a phone, as such: "Sent from mobile", "sent by galaxy", "From my iPhone 6".
fn is_phone_alone(said: &str) -> bool {
    let is_number =
        |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) || matches!(word, "pro" | "max" | "plus");
    let names = |rest: &str| {
        words(rest).count() <= 4
            && words(rest).next().is_some_and(is_device)
            && words(rest).all(|word| is_device(word) || is_number(word))
    };
    if ["sent by ", "from my "].iter().filter_map(|begin| said.strip_prefix(begin)).any(names) {
        return true;
    }
    BEGINS_WITH.found_in(said).any(|(_, rest)| {
        let mut rest = words(rest);
        rest.next().is_some_and(|word| PHONES.contains(&word))
            && rest.next().is_none_or(|word| AFTER_PHONE.contains(&word))
    })
}

/// What stands before the name of an app.
#[rustfmt::skip]
const WITH: &[&str] = &[
    "sent from ", "sent via ", "sent with ", "sent using ", "sent by ", "gesendet von ", "gesendet mit ", "envoyé de ", "envoyé avec ", "envoyé depuis ", "enviado desde ",
    "enviado con ", "enviado com ", "inviato da ", "inviato con ", "verzonden met ", "verzonden vanaf ", "skickat från ", "sendt fra ",
];

/// Apps whose names are words.
#[rustfmt::skip]
const APPS: &[&str] = &[
    "mailbox", "mailbox for ipad", "front", "canary", "canary mail", "boxer", "workspace one boxer", "missive", "mimestream", "spike", "shortwave", "notion mail", "polymail", "unibox",
    "thunderbird", "mozilla thunderbird", "em client", "k-9 mail", "fairemail", "mailbird", "roundcube", "zimbra", "postbox", "kmail", "geary", "apple mail", "mail.ru", "почта mail.ru",
    "яндекс.почта", "naver", "whatsapp", "typeapp", "mailtrack", "shift", "bluemail", "hey", "superhuman", "workspace mail",
];

/// Lines that apps put below mails, by their beginnings.
#[rustfmt::skip]
const ADVERTS: &[&str] = &[
    "sender notified by mailtrack", "sent on the go", "gesendet mit der mobilen mail app", "provenance : courrier pour windows", "provenance: courrier pour windows", "provenance\u{a0}: courrier pour windows",
    "envoyé depuis l'application ", "envoyé depuis l’application ", "envoyé avec l'application ", "envoyé avec l’application ", "envoyé depuis ma messagerie ",
    "enviado desde la app ", "enviado desde la aplicación ", "enviado pelo app ", "enviado do app ", "enviado pelo aplicativo ", "enviado através do aplicativo ",
    "inviato da libero mail", "inviato da virgilio mail", "inviato da tiscali mail", "inviato da alice mail", "inviato dall'app ", "inviato dall’app ",
    "gesendet mit der app ", "gesendet aus der app ", "wysłano z aplikacji mobilnej", "wysłane z aplikacji mobilnej", "wysłano z poczty onet", "wysłano z poczty wp", "odesláno z aplikace ",
    "отправлено из мобильной почты", "отправлено из мобильного приложения", "отправлено из почты mail.ru", "отправлено из приложения ", "надіслано з мобільної пошти",
];

const PHONES: &[&str] = &[
    "mobile",
    "phone",
    "smartphone",
    "cellphone",
    "tablet",
    "mobil",
    "handy",
    "móvil",
    "celular",
    "cellulare",
    "portable",
];

/// What may follow the phone.
const AFTER_PHONE: &[&str] = &["device", "phone", "please", "pls", "excuse", "sorry", "bitte", "apologies", "forgive"];

/// `[the app](https://…)` and `the app [https://…]` as the words alone.
fn without_links(line: &str) -> Cow<'_, str> {
    if !line.contains('[') {
        return Cow::Borrowed(line);
    }
    let mut said = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once('[') {
        said.push_str(before);
        let (text, after) = link.split_once(']').unwrap_or((link, ""));
        if !text.contains("://") {
            said.push_str(text);
        }
        rest = after.strip_prefix('(').and_then(|target| target.split_once(')')).map_or(after, |(_, after)| after);
    }
    said.push_str(rest);
    Cow::Owned(said)
}

/// Whether a line says that it was sent from a model nobody here knows, as somebody's own: names and numbers to its end.
/// "Sent from my desk, it is much easier" is none.
fn is_own_model(line: &str) -> bool {
    /// "Nothing Phone (3a) Pro".
    const MAX_WORDS: usize = 5;
    if !BEGINS_OWN.begin_any_case(line) {
        return false;
    }
    let line = line.trim_end_matches(['.', '!']);
    let lower = line.to_lowercase();
    // Where a letter has other bytes in lower case, the rest cannot be found in the line.
    let rest = BEGINS_OWN.behind_in(&lower).filter(|_| lower.len() == line.len());
    let Some(rest) = rest.and_then(|rest| line.get(line.len() - rest.len()..)) else { return false };
    let is_model = |word: &str| word.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || c == '(');
    let has_mark = |word: &str| word.chars().skip(1).any(|c| c.is_uppercase() || c.is_numeric());
    // "Sent from my Jolla", with the capital of a line that an app wrote.
    let is_name = |word: &str| word.starts_with(char::is_uppercase) && word.chars().count() > 2;
    let is_whole_line = line.starts_with(char::is_uppercase);
    let count = rest.split_whitespace().count();
    (1..=MAX_WORDS).contains(&count)
        && rest.split_whitespace().all(is_model)
        && !rest.contains([',', ';', ':', '.'])
        && (count > 1 || rest.split_whitespace().any(|word| has_mark(word) || (is_whole_line && is_name(word))))
}

/// What begins the line of somebody's own device.
#[rustfmt::skip]
const OWN: &[&str] = &[
    "sent from my ", "sent via my ", "sent on my ", "sent using my ", "von meinem ", "gesendet von meinem ", "gesendet von meiner ", "envoyé de mon ", "envoyé depuis mon ",
    "envoyé à partir de mon ", "enviado desde mi ", "enviado do meu ", "inviato dal mio ", "verstuurd vanaf mijn ", "verzonden vanaf mijn ", "verzonden met mijn ",
    "skickat från min ", "sendt fra min ", "wysłane z mojego ", "odesláno z mého ", "отправлено с моего ", "надіслано з мого ",
];

/// A line without what stands in angle brackets and behind a round one.
fn without_addresses(line: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'(', b'<', line.as_bytes()).is_none() && !line.contains("http") {
        return Cow::Borrowed(line);
    }
    // Some programs join a link to what it is behind.
    let said = line.find("http").and_then(|at| line.get(..at));
    let line = said.filter(|said| said.ends_with(char::is_alphanumeric)).unwrap_or(line);
    let mut pieces = line.split('(').next().unwrap_or_default().split('<');
    let mut said = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        said.push_str(piece.split_once('>').map_or("", |(_, after)| after));
    }
    Cow::Owned(said)
}

/// Whether `rest` does not go on with the last word of `phrase`. Scripts without blanks have no such border, and the
/// Semitic ones join a preposition to its word.
fn is_whole(phrase: &str, rest: &str) -> bool {
    phrase.chars().last().is_none_or(|c| c >= '\u{2e80}' || ('\u{590}'..='\u{6ff}').contains(&c))
        || !rest.starts_with(char::is_alphanumeric)
}

/// Words, also where letters of another script stand beside them ("我的iPhone").
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() || c >= '\u{2e80}').filter(|word| !word.is_empty())
}

/// Whether one of the first words of what was "sent from", fillers aside, is a device or an app.
fn names_device(rest: &str, reach: usize) -> bool {
    if CJK_DEVICES.iter().any(|device| rest.contains(device)) {
        return true;
    }
    let mut is_own = false;
    let mut left = reach;
    for word in words(rest) {
        if FILLERS.contains(&word) {
            is_own = true;
            continue;
        }
        if is_device(word) || is_own_device(word) || (is_own && GENERIC.iter().any(|device| word.starts_with(device))) {
            return true;
        }
        left -= 1;
        if left == 0 {
            break;
        }
    }
    false
}

fn is_device(word: &str) -> bool {
    DEVICES.contains(&word) || STEMS.iter().any(|stem| word.starts_with(stem))
}

/// "My phone" in one word.
fn is_own_device(word: &str) -> bool {
    OWN_DEVICES.iter().any(|device| word.starts_with(device))
}

/// What begins a footer; a device follows.
#[rustfmt::skip]
const SENT_FROM: &[&str] = &[
    "sent from", "sent via", "sent with", "sent using", "sent on my", "sent wirelessly from",
    "gesendet von", "gesendet mit", "gesendet über", "gesendet via", "gesendet vom", "gesendet aus",
    "envoyé de", "envoyé depuis", "envoyé à partir de", "envoyé avec", "envoyé via", "envoyé d",
    "enviado desde", "enviado de", "enviado con", "enviado vía", "enviado via", "enviado a través de",
    "enviat des de", "enviat des del", "enviat amb",
    "enviado do", "enviado da", "enviado a partir de", "enviado a partir do", "enviado pelo", "enviado com",
    "enviada do", "enviada desde", "enviada a partir do",
    "inviato da", "inviato dal", "inviato con", "inviato tramite", "inviata da", "inviato dall",
    "verstuurd vanaf", "verstuurd met", "verstuurd vanuit", "verstuurd via", "verstuurd van", "verzonden vanaf", "verzonden met",
    "verzonden vanuit", "verzonden via", "verzonden van",
    "skickat från", "skickat med", "skickat via", "skickades från",
    "sendt fra", "sendt med", "sendt via", "sent úr",
    "lähetetty", "wysłane z", "wysłano z", "wysłane za pomocą", "wysłano za pomocą", "odesláno z", "odesláno ze", "odesláno pomocí",
    "odoslané z", "odoslané zo", "trimis de pe", "trimis din", "trimis cu",
    "στάλθηκε από", "εστάλη από", "στάλθηκε με", "изпратено от", "изпратено с", "изпратено чрез",
    "отправлено с", "отправлено из", "отправлено от", "отправлено через", "надіслано з", "надіслано із", "відправлено з", "відправлено із",
    "poslano s", "poslano sa", "poslano z", "poslano iz", "poslato sa", "poslato s", "послато са", "послато с",
    "išsiųsta iš", "išsiųsta naudojant", "nosūtīts no", "nosūtīts ar", "saadetud",
    "נשלח מ", "נשלח באמצעות", "أرسلت من", "أُرسلت من", "تم الإرسال من", "مُرسل من", "مرسل من", "ارسال شده از",
    "发自", "发送自", "来自", "寄自", "ส่งจาก", "đã gửi từ", "được gửi từ", "gửi từ", "dikirim dari", "dihantar dari",
];

/// What stands around the device: some languages put the verb last.
#[rustfmt::skip]
const AROUND: &[(&str, &str)] = &[
    ("von ", "gesendet"), ("vom ", "gesendet"), ("von ", "geschickt"), ("von ", "versendet"), ("von ", "verschickt"), ("mit ", "gesendet"),
    ("mit ", "versendet"), ("diese nachricht wurde von ", "gesendet"), ("diese nachricht wurde mit ", "gesendet"), ("diese e-mail wurde von ", "gesendet"),
    ("", "ről küldve"), ("", "ról küldve"), ("", "ből küldve"), ("", "ből küldve"), ("", "-ról küldtem"), ("", "ről küldtem"),
    ("", "dan gönderildi"), ("", "den gönderildi"), ("", "tan gönderildi"), ("", "ten gönderildi"), ("", "dan gönderilmiştir"),
    ("", "den gönderilmiştir"), ("从我的", "发送"), ("從我的", "傳送"), ("從我的", "寄出"), ("我的", "发出的邮件"), ("从我的", "发出的邮件"), ("", "から送信"), ("", "から送信されました"),
    ("", "에서 보냄"), ("", "에서 보낸 메일"), ("", "에서 보냈습니다"), ("", "से भेजा गया"),
];

/// What Outlook's apps say of themselves, before the platform.
#[rustfmt::skip]
const OUTLOOK_FOR: &[&str] = &[
    "get outlook for", "get the new outlook for", "obtenir outlook pour", "holen sie sich outlook für", "outlook für", "obtenez outlook pour", "télécharger outlook pour",
    "obtener outlook para", "obtén outlook para", "obter o outlook para", "obtenha o outlook para", "ottieni outlook per", "scarica outlook per",
    "outlook voor", "download outlook voor", "hämta outlook för", "skaffa outlook för", "hent outlook til", "få outlook til", "få outlook for",
    "hent outlook for", "hanki outlook", "pobierz outlook dla", "pobierz outlooka dla", "pobierz program outlook dla", "uzyskaj outlooka dla",
    "pobierz aplikację outlook dla", "získejte outlook pro", "stáhnout outlook pro", "скачать outlook для", "получить outlook для", "отримати outlook для",
    "取得", "获取 outlook for", "获取适用于", "取得適用於",
];

/// How such a line ends where the platform comes first.
#[rustfmt::skip]
const OUTLOOK_ENDS: &[&str] = &["edinin", "を入手", "を入手してください", "다운로드", "받기"];

/// What may stand behind the platform: "Outlook für iOS beziehen".
const FETCH: &[&str] = &["beziehen", "herunterladen", "downloaden", "ophalen", "outlook"];

const PLATFORMS: &[&str] = &["ios", "android", "mac", "macos", "windows", "iphone", "ipad", "mobile", "desktop"];

/// Articles, pronouns and other words between the preposition and the device. Behind one of them, any phone will do.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "my", "a", "an", "the", "all", "new", "mail", "email", "e", "for", "app", "work", "your",
    "meinem", "meiner", "dem", "der", "einem", "für", "mobilen", "mon", "ma", "un", "une", "mi", "el", "la", "le", "l", "pour", "mio", "mia",
    "il", "per", "meu", "minha", "o", "para", "mijn", "een", "de", "het", "voor", "min", "mitt", "mit", "din", "för", "til",
    "mojego", "mojej", "mého", "mého", "môjho", "mojho", "meg", "moj", "mojeg", "mojega", "mog", "мог", "моего", "мого", "моя", "моего",
    "mano", "mana", "minu", "το", "μου", "meul", "pe", "do", "des", "del", "meo", "min", "messagerie", "sécurisée",
];

/// Devices and apps that sign, as whole words.
#[rustfmt::skip]
const DEVICES: &[&str] = &[
    "lg", "htc", "4g", "5g", "lte", "gmx", "aol", "mi", "web", "nine", "spark", "aqua", "ios", "macos", "mac", "windows", "proton", "outlook", "yahoo", "gmail",
    "honor", "pixel", "oppo", "vivo", "palm", "sony", "newton", "edison", "airmail", "tutanota", "tuta", "fastmail", "zoho", "hey", "nokia", "moto",
];

/// Beginnings of words that are nothing else: languages put endings to them ("iPhonesta", "iPhone'umdan").
#[rustfmt::skip]
const STEMS: &[&str] = &[
    "iphon", "ipad", "ipod", "android", "samsung", "galaxy", "huawei", "xiaomi", "redmi", "oneplus", "motorola", "xperia",
    "blackberry", "superhuman", "mailspring", "bluemail", "telekom", "vodafone", "fairphone", "protonmail", "airmail", "айфон",
];

/// What is a device only where it is somebody's: "from my phone".
#[rustfmt::skip]
const GENERIC: &[&str] = &[
    "phone", "smartphone", "mobil", "handy", "tablet", "device", "wireless", "watch", "cell", "telefon", "teléfono", "móvil", "téléphone", "portable",
    "telefono", "cellulare", "smartfon", "celular", "telemóvel", "telefoon", "телефон", "смартфон", "мобильн", "мобільн", "κινητό", "apple",
    "puhelim", "gerät", "toestel",
];

/// "My phone" in the languages that say it in one word.
const OWN_DEVICES: &[&str] = &["telefonum", "cihazım", "telefonom", "készülékem", "puhelimestani"];

const CJK_DEVICES: &[&str] =
    &["手机", "手機", "スマートフォン", "スマホ", "휴대폰", "핸드폰", "스마트폰", "邮箱", "郵箱"];

#[cfg(test)]
mod tests;
