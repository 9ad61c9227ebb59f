//! What mail clients write above history and below mails, in the languages people use: found in each of them, in plain
//! text and in HTML, in one line and wrapped.

#![allow(clippy::unwrap_used)]

use actionlayer_mail::{extract, extracted_text, parse};

/// What the mail program of one language writes. `{}` stands for nothing: the lines are as the programs write them.
struct Language {
    name: &'static str,
    new: &'static str,
    /// Gmail's line above the quote.
    gmail: &'static str,
    /// That of Thunderbird, Apple Mail or a phone: without an address.
    short: &'static str,
    /// Outlook's header block: author, date, recipient, subject.
    outlook: [&'static str; 4],
    /// The line that a phone adds below a mail.
    footer: &'static str,
}

const LANGUAGES: &[Language] = &[
    Language {
        name: "English",
        new: "Yes, please send it on Friday.",
        gmail: "On Mon, Apr 27, 2026 at 2:30 PM Mia Miller <mia@ai.example.com> wrote:",
        short: "On 27.04.26 14:30, Mia wrote:",
        outlook: ["From", "Sent", "To", "Subject"],
        footer: "Sent from my iPhone",
    },
    Language {
        name: "German",
        new: "Ja, bitte schicken Sie es am Freitag.",
        gmail: "Am Mo., 27. Apr. 2026 um 14:30 Uhr schrieb Mia Miller <mia@ai.example.com>:",
        short: "Am 27.04.26 um 14:30 schrieb Mia:",
        outlook: ["Von", "Gesendet", "An", "Betreff"],
        footer: "Von meinem iPhone gesendet",
    },
    Language {
        name: "French",
        new: "Oui, envoyez-le vendredi.",
        gmail: "Le lun. 27 avr. 2026 à 14:30, Mia Miller <mia@ai.example.com> a écrit :",
        short: "Le 27/04/2026 à 14:30, Mia a écrit :",
        outlook: ["De", "Envoyé", "À", "Objet"],
        footer: "Envoyé de mon iPhone",
    },
    Language {
        name: "Spanish",
        new: "Sí, envíelo el viernes.",
        gmail: "El lun, 27 abr 2026 a las 14:30, Mia Miller (<mia@ai.example.com>) escribió:",
        short: "El 27/4/26 a las 14:30, Mia escribió:",
        outlook: ["De", "Enviado el", "Para", "Asunto"],
        footer: "Enviado desde mi iPhone",
    },
    Language {
        name: "Italian",
        new: "Sì, lo mandi venerdì.",
        gmail: "Il giorno lun 27 apr 2026 alle ore 14:30 Mia Miller <mia@ai.example.com> ha scritto:",
        short: "Il 27/04/26 14:30, Mia ha scritto:",
        outlook: ["Da", "Inviato", "A", "Oggetto"],
        footer: "Inviato da iPhone",
    },
    Language {
        name: "Portuguese",
        new: "Sim, envie na sexta-feira.",
        gmail: "Em seg., 27 de abr. de 2026 às 14:30, Mia Miller <mia@ai.example.com> escreveu:",
        short: "Mia escreveu (segunda, 27/04/2026 à(s) 14:30):",
        outlook: ["De", "Enviada em", "Para", "Assunto"],
        footer: "Enviado do meu iPhone",
    },
    Language {
        name: "Dutch",
        new: "Ja, stuur het vrijdag maar.",
        gmail: "Op ma 27 apr 2026 om 14:30 schreef Mia Miller <mia@ai.example.com>:",
        short: "Op 27-04-2026 om 14:30 schreef Mia:",
        outlook: ["Van", "Verzonden", "Aan", "Onderwerp"],
        footer: "Verstuurd vanaf mijn iPhone",
    },
    Language {
        name: "Swedish",
        new: "Ja, skicka den på fredag.",
        gmail: "Den mån 27 apr. 2026 kl 14:30 skrev Mia Miller <mia@ai.example.com>:",
        short: "Den 2026-04-27 kl. 14:30, skrev Mia:",
        outlook: ["Från", "Skickat", "Till", "Ämne"],
        footer: "Skickat från min iPhone",
    },
    Language {
        name: "Danish",
        new: "Ja, send den på fredag.",
        gmail: "Den man. 27. apr. 2026 kl. 14.30 skrev Mia Miller <mia@ai.example.com>:",
        short: "Den 27.04.2026 kl. 14.30 skrev Mia:",
        outlook: ["Fra", "Sendt", "Til", "Emne"],
        footer: "Sendt fra min iPhone",
    },
    Language {
        name: "Norwegian",
        new: "Ja, send den på fredag.",
        gmail: "man. 27. apr. 2026 kl. 14:30 skrev Mia Miller <mia@ai.example.com>:",
        short: "På 27. april 2026 klokken 14:30, skrev Mia:",
        outlook: ["Fra", "Sendt", "Til", "Emne"],
        footer: "Sendt fra min iPhone",
    },
    Language {
        name: "Icelandic",
        new: "Já, sendu það á föstudag.",
        gmail: "mán., 27. apr. 2026 kl. 14:30 skrifaði Mia Miller <mia@ai.example.com>:",
        short: "Þann 27.4.2026 kl. 14:30 skrifaði Mia:",
        outlook: ["Frá", "Sent", "Til", "Efni"],
        footer: "Sent úr iPhone",
    },
    Language {
        name: "Finnish",
        new: "Kyllä, lähettäkää se perjantaina.",
        gmail: "ma 27. huhtik. 2026 klo 14.30 Mia Miller (mia@ai.example.com) kirjoitti:",
        short: "Mia kirjoitti 27.4.2026 klo 14.30:",
        outlook: ["Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"],
        footer: "Lähetetty iPhonesta",
    },
    Language {
        name: "Polish",
        new: "Tak, proszę wysłać w piątek.",
        gmail: "pon., 27 kwi 2026 o 14:30 Mia Miller <mia@ai.example.com> napisał(a):",
        short: "W dniu 27.04.2026 o 14:30, Mia pisze:",
        outlook: ["Od", "Wysłano", "Do", "Temat"],
        footer: "Wysłane z iPhone'a",
    },
    Language {
        name: "Czech",
        new: "Ano, pošlete to v pátek.",
        gmail: "po 27. 4. 2026 v 14:30 odesílatel Mia Miller <mia@ai.example.com> napsal:",
        short: "Dne 27. 04. 26 v 14:30 Mia napsal(a):",
        outlook: ["Od", "Odesláno", "Komu", "Předmět"],
        footer: "Odesláno z iPhonu",
    },
    Language {
        name: "Slovak",
        new: "Áno, pošlite to v piatok.",
        gmail: "po 27. 4. 2026 o 14:30 Mia Miller <mia@ai.example.com> napísal(a):",
        short: "Dňa 27. 4. 2026 o 14:30 Mia napísal(a):",
        outlook: ["Od", "Odoslané", "Komu", "Predmet"],
        footer: "Odoslané z iPhonu",
    },
    Language {
        name: "Hungarian",
        new: "Igen, küldje el pénteken.",
        gmail: "Mia Miller <mia@ai.example.com> ezt írta (időpont: 2026. ápr. 27., H, 14:30):",
        short: "2026. 04. 27. 14:30 keltezéssel, Mia írta:",
        outlook: ["Feladó", "Elküldve", "Címzett", "Tárgy"],
        footer: "Az iPhone készülékemről küldve",
    },
    Language {
        name: "Romanian",
        new: "Da, trimiteți vineri.",
        gmail: "În lun., 27 apr. 2026 la 14:30, Mia Miller <mia@ai.example.com> a scris:",
        short: "Pe 27.04.2026 14:30, Mia a scris:",
        outlook: ["De la", "Trimis", "Către", "Subiect"],
        footer: "Trimis de pe iPhone-ul meu",
    },
    Language {
        name: "Croatian",
        new: "Da, pošaljite u petak.",
        gmail: "pon, 27. tra 2026. u 14:30 Mia Miller <mia@ai.example.com> napisao je:",
        short: "Dana 27.4.2026. u 14:30, Mia je napisala:",
        outlook: ["Šalje", "Poslano", "Prima", "Predmet"],
        footer: "Poslano s mojeg iPhonea",
    },
    Language {
        name: "Slovenian",
        new: "Da, pošljite v petek.",
        gmail: "V V pon., 27. apr. 2026 ob 14:30 je oseba Mia Miller <mia@ai.example.com> napisala:",
        short: "Dne 27. 04. 26 ob 14:30 je Mia napisala:",
        outlook: ["Od", "Poslano", "Za", "Zadeva"],
        footer: "Poslano iz mojega iPhona",
    },
    Language {
        name: "Greek",
        new: "Ναι, στείλτε το την Παρασκευή.",
        gmail: "Στις Δευ 27 Απρ 2026 στις 2:30 μ.μ., ο χρήστης Mia Miller <mia@ai.example.com> έγραψε:",
        short: "Στις 27/4/2026 14:30, η Mia έγραψε:",
        outlook: ["Από", "Στάλθηκε", "Προς", "Θέμα"],
        footer: "Στάλθηκε από το iPhone μου",
    },
    Language {
        name: "Bulgarian",
        new: "Да, изпратете го в петък.",
        gmail: "На пн, 27.04.2026 г. в 14:30 ч. Mia Miller <mia@ai.example.com> написа:",
        short: "На 27.4.2026 г. в 14:30, Mia написа:",
        outlook: ["От", "Изпратено", "До", "Относно"],
        footer: "Изпратено от моя iPhone",
    },
    Language {
        name: "Russian",
        new: "Да, отправьте в пятницу.",
        gmail: "пн, 27 апр. 2026 г. в 14:30, Mia Miller <mia@ai.example.com>:",
        short: "27.04.2026 14:30, Mia пишет:",
        outlook: ["От", "Отправлено", "Кому", "Тема"],
        footer: "Отправлено с iPhone",
    },
    Language {
        name: "Ukrainian",
        new: "Так, надішліть у п'ятницю.",
        gmail: "пн, 27 квіт. 2026 р. о 14:30 Mia Miller <mia@ai.example.com> пише:",
        short: "27.04.2026 14:30, Mia пише:",
        outlook: ["Від", "Надіслано", "Кому", "Тема"],
        footer: "Надіслано з iPhone",
    },
    Language {
        name: "Turkish",
        new: "Evet, cuma günü gönderin.",
        gmail: "Mia Miller <mia@ai.example.com>, 27 Nis 2026 Pzt, 14:30 tarihinde şunu yazdı:",
        short: "27.04.2026 14:30 tarihinde Mia yazdı:",
        outlook: ["Kimden", "Gönderildi", "Kime", "Konu"],
        footer: "iPhone'umdan gönderildi",
    },
    Language {
        name: "Lithuanian",
        new: "Taip, išsiųskite penktadienį.",
        gmail: "2026-04-27, pr, 14:30 Mia Miller <mia@ai.example.com> rašė:",
        short: "Mia rašė (2026-04-27 14:30):",
        outlook: ["Nuo", "Išsiųsta", "Kam", "Tema"],
        footer: "Išsiųsta iš mano iPhone",
    },
    Language {
        name: "Latvian",
        new: "Jā, sūtiet piektdien.",
        gmail: "Pirmd., 2026. g. 27. apr., plkst. 14:30 — lietotājs Mia Miller (<mia@ai.example.com>) rakstīja:",
        short: "27.04.2026 14:30 Mia rakstīja:",
        outlook: ["No", "Nosūtīts", "Kam", "Temats"],
        footer: "Nosūtīts no mana iPhone",
    },
    Language {
        name: "Estonian",
        new: "Jah, saatke reedel.",
        gmail: "Kuupäev E, 27. aprill 2026 kell 14:30 kirjutas Mia Miller <mia@ai.example.com>:",
        short: "Kuupäev 27.04.2026 14:30 kirjutas Mia:",
        outlook: ["Saatja", "Saadetud", "Kellele", "Teema"],
        footer: "Saadetud minu iPhone'ist",
    },
    Language {
        name: "Catalan",
        new: "Sí, envieu-ho divendres.",
        gmail: "Missatge de Mia Miller <mia@ai.example.com> del dia dl., 27 d’abr. 2026 a les 14:30:",
        short: "El 27/4/26 a les 14:30, Mia ha escrit:",
        outlook: ["De", "Enviat", "Per a", "Assumpte"],
        footer: "Enviat des del meu iPhone",
    },
    Language {
        name: "Hebrew",
        new: "כן, נא לשלוח ביום שישי.",
        gmail: "\u{202b}בתאריך יום ב׳, 27 באפר׳ 2026 ב-14:30 מאת \u{202a}Mia Miller\u{202c}\u{200f} <\u{202a}mia@ai.example.com\u{202c}\u{200f}>:\u{202c}",
        short: "ב-27.4.2026 14:30, Mia כתב:",
        outlook: ["מאת", "נשלח", "אל", "נושא"],
        footer: "נשלח מה-iPhone שלי",
    },
    Language {
        name: "Arabic",
        new: "نعم، أرسلها يوم الجمعة.",
        gmail: "في الاثنين، ٢٧ أبريل ٢٠٢٦ في ٢:٣٠ م تمت كتابة ما يلي بواسطة \u{202a}Mia Miller\u{202c}\u{200f} <\u{202a}mia@ai.example.com\u{202c}\u{200f}>:",
        short: "في ٢٧‏/٤‏/٢٠٢٦ ١٤:٣٠، Mia كتب:",
        outlook: ["من", "تاريخ الإرسال", "إلى", "الموضوع"],
        footer: "أُرسلت من الـ iPhone",
    },
    Language {
        name: "Persian",
        new: "بله، جمعه بفرستید.",
        gmail: "در تاریخ دوشنبه ۲۷ آوریل ۲۰۲۶،\u{200f} ۱۴:۳۰ Mia Miller <mia@ai.example.com> نوشت:",
        short: "در ۲۷ آوریل ۲۰۲۶ ۱۴:۳۰، Mia نوشت:",
        outlook: ["از", "ارسال شده", "به", "موضوع"],
        footer: "ارسال شده از iPhone من",
    },
    Language {
        name: "Hindi",
        new: "हाँ, शुक्रवार को भेजें।",
        gmail: "सोम, 27 अप्रैल 2026 को 2:30 pm बजे को Mia Miller <mia@ai.example.com> ने लिखा:",
        short: "27/04/2026 14:30 को Mia ने लिखा:",
        outlook: ["प्रेषक", "भेजा गया", "प्रति", "विषय"],
        footer: "मेरे iPhone से भेजा गया",
    },
    Language {
        name: "Thai",
        new: "ได้ค่ะ กรุณาส่งวันศุกร์",
        gmail: "ในวันที่ จ. 27 เม.ย. 2026 เวลา 14:30 Mia Miller <mia@ai.example.com> เขียนว่า:",
        short: "วันที่ 27/4/2026 14:30, Mia เขียน:",
        outlook: ["จาก", "ส่ง", "ถึง", "เรื่อง"],
        footer: "ส่งจาก iPhone ของฉัน",
    },
    Language {
        name: "Vietnamese",
        new: "Vâng, xin gửi vào thứ Sáu.",
        gmail: "Vào Th 2, 27 thg 4, 2026 vào lúc 14:30 Mia Miller <mia@ai.example.com> đã viết:",
        short: "Vào 14:30 27/4/2026, Mia đã viết:",
        outlook: ["Từ", "Đã gửi", "Đến", "Chủ đề"],
        footer: "Đã gửi từ iPhone của tôi",
    },
    Language {
        name: "Indonesian",
        new: "Ya, kirimkan hari Jumat.",
        gmail: "Pada Sen, 27 Apr 2026 pukul 14.30 Mia Miller <mia@ai.example.com> menulis:",
        short: "Pada 27/04/2026 14:30, Mia menulis:",
        outlook: ["Dari", "Dikirim", "Kepada", "Perihal"],
        footer: "Dikirim dari iPhone saya",
    },
    Language {
        name: "Simplified Chinese",
        new: "好的，请周五发货。",
        gmail: "Mia Miller <mia@ai.example.com> 于2026年4月27日周一 14:30写道：",
        short: "在 2026/4/27 14:30, Mia 写道:",
        outlook: ["发件人", "发送时间", "收件人", "主题"],
        footer: "发自我的iPhone",
    },
    Language {
        name: "Traditional Chinese",
        new: "好的，請週五出貨。",
        gmail: "Mia Miller <mia@ai.example.com> 於 2026年4月27日 週一 下午2:30寫道：",
        short: "Mia 於 2026/4/27 14:30 寫道:",
        outlook: ["寄件者", "寄件日期", "收件者", "主旨"],
        footer: "從我的iPhone傳送",
    },
    Language {
        name: "Japanese",
        new: "はい、金曜日に送ってください。",
        gmail: "2026年4月27日(月) 14:30 Mia Miller <mia@ai.example.com>:",
        short: "2026/04/27 14:30、Mia のメール:",
        outlook: ["差出人", "送信日時", "宛先", "件名"],
        footer: "iPhoneから送信",
    },
    Language {
        name: "Korean",
        new: "네, 금요일에 보내 주세요.",
        gmail: "2026년 4월 27일 (월) 오후 2:30, Mia Miller <mia@ai.example.com>님이 작성:",
        short: "2026. 4. 27. 14:30, Mia 작성:",
        outlook: ["보낸 사람", "보낸 날짜", "받는 사람", "제목"],
        footer: "나의 iPhone에서 보냄",
    },
];

/// What was found wrong, all of it, so that one run tells.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn check(&mut self, found: &str, language: &Language, case: &str) {
        if found != language.new {
            self.0.push(format!("{}, {case:?}: {found:?}", language.name));
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

/// Breaks a line at the blank before `width` characters, as clients do.
fn wrapped(line: &str, width: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in line.split(' ') {
        if length > 0 && length + word.chars().count() > width {
            out.push('\n');
            length = 0;
        } else if length > 0 {
            out.push(' ');
        }
        out.push_str(word);
        length += word.chars().count() + 1;
    }
    out
}

#[test]
fn attributions_of_every_language() {
    assert!(LANGUAGES.len() >= 20);
    let mut wrong = Wrong::default();
    for language in LANGUAGES {
        let Language { new, gmail, short, .. } = language;
        for line in [(*gmail).to_owned(), wrapped(gmail, 70), (*short).to_owned()] {
            wrong.check(&extracted_text(&format!("{new}\n\n{line}\n\n> Shall I send it?\n> Mia\n")), language, &line);
            wrong.check(&extracted_text(&format!("{new}\n{line}\n> Shall I send it?\n> Mia\n")), language, &line);
            wrong.check(&extracted_text(&format!("{line}\n> Shall I send it?\n\n{new}\n")), language, &line);
        }
        // An HTML mail that was made into text has no quote marks.
        wrong.check(
            &extracted_text(&format!("{new}\n\n{gmail}\n\nShall I send it?\n\nMia\n")),
            language,
            "without marks",
        );
    }
    wrong.none();
}

#[test]
fn header_blocks_of_every_language() {
    let mut wrong = Wrong::default();
    for language in LANGUAGES {
        let Language { new, outlook: [from, sent, to, subject], .. } = language;
        let block = format!(
            "{from}: Mia Miller <mia@ai.example.com>\n{sent}: 27.04.2026 14:30\n{to}: Ada Lovelace\n{subject}: Order 4711"
        );
        let rule = "_".repeat(32);
        wrong.check(&extracted_text(&format!("{new}\n\n{rule}\n{block}\n\nShall I send it?\n")), language, "Outlook");
        wrong.check(&extracted_text(&format!("{new}\n\n{block}\n\nShall I send it?\n")), language, "no rule");
        let bold =
            block.lines().map(|line| format!("*{}", line.replacen(": ", ":* ", 1))).collect::<Vec<_>>().join("\n");
        wrong.check(&extracted_text(&format!("{new}\n\n{bold}\n\nShall I send it?\n")), language, "Outlook 2016");
        let html_block = block.replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
        let html = format!(
            "<p>{new}</p><div><div style=\"border:none;border-top:solid #E1E1E1 1.0pt\"><p class=\"MsoNormal\">{html_block}\
             </p></div></div><p>Shall I send it?</p>"
        );
        let raw = format!("Subject: Re: x\nContent-Type: text/html; charset=utf-8\n\n{html}");
        wrong.check(&extract(&parse(raw.as_bytes())), language, "Outlook HTML");
    }
    wrong.none();
}

#[test]
fn footers_of_every_language() {
    let mut wrong = Wrong::default();
    for language in LANGUAGES {
        let Language { new, footer, gmail, .. } = language;
        wrong.check(&extracted_text(&format!("{new}\n\n{footer}")), language, footer);
        wrong.check(&extracted_text(&format!("{new}\n\n{footer}\n\n{gmail}\n\n> Shall I?")), language, footer);
    }
    wrong.none();
}
