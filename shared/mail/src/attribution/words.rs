//! What mail clients write above history, below mails and around forwards, in the languages people use. All lower case.

/// How an attribution ("On … Ada wrote:") begins, and the verb in it. Without a beginning, anything may come first.
pub(super) struct Attribution {
    pub(super) begins: &'static [&'static str],
    pub(super) verbs: &'static [&'static str],
    /// The author comes after the verb, not before it.
    pub(super) name_follows: bool,
}

pub(super) const ATTRIBUTIONS: &[Attribution] = &[
    // English.
    Attribution { begins: &["on ", "at ", "in a message dated "], verbs: &["wrote", "writes"], name_follows: false },
    // German.
    Attribution { begins: &["am ", "on "], verbs: &["schrieb"], name_follows: true },
    Attribution { begins: &[], verbs: &["schrieb am"], name_follows: true },
    // French.
    Attribution { begins: &["le ", "on "], verbs: &["a écrit", "a ecrit", "écrivait"], name_follows: false },
    // Spanish, Catalan.
    Attribution {
        begins: &["el "], verbs: &["escribió", "escribio", "va escriure", "ha escrit"], name_follows: false
    },
    // Italian.
    Attribution {
        begins: &["il ", "in data ", "lun ", "mar ", "mer ", "gio ", "ven ", "sab ", "dom "],
        verbs: &["ha scritto"],
        name_follows: false,
    },
    // Portuguese.
    Attribution { begins: &["em ", "a ", "no dia "], verbs: &["escreveu"], name_follows: false },
    // Dutch.
    Attribution { begins: &["op "], verbs: &["schreef"], name_follows: true },
    // Swedish, Danish, Norwegian.
    Attribution {
        begins: &[
            "den ", "på ", "on ", "kl. ", "mån", "tis", "ons", "tors", "fre", "lör", "sön", "man", "tir", "tor", "lør",
            "søn",
        ],
        verbs: &["skrev", "skreiv"],
        name_follows: true,
    },
    // Icelandic.
    Attribution {
        begins: &["þann ", "mán", "þri", "mið", "fim", "fös", "lau", "sun"],
        verbs: &["skrifaði"],
        name_follows: true,
    },
    // Polish.
    Attribution {
        begins: &["w dniu ", "dnia ", "pon", "wt", "śr", "czw", "pt", "sob", "niedz"],
        verbs: &["napisał", "pisze"],
        name_follows: false,
    },
    // Czech, Slovak.
    Attribution {
        begins: &["dne ", "po ", "út ", "st ", "čt ", "pá ", "so ", "ne "],
        verbs: &["napsal", "odesílatel"],
        name_follows: false,
    },
    Attribution {
        begins: &["dňa ", "po ", "ut ", "st ", "št ", "pi ", "so ", "ne "],
        verbs: &["napísal"],
        name_follows: false,
    },
    // Romanian.
    Attribution { begins: &["în ", "la ", "pe "], verbs: &["a scris"], name_follows: false },
    // Croatian, Serbian, Slovenian.
    Attribution {
        begins: &["dana ", "pon", "uto", "sri", "čet", "pet", "sub", "ned", "v ", "dne "],
        verbs: &["napisao", "napisala", "je pisal", "piše"],
        name_follows: false,
    },
    // Vietnamese, Indonesian and Malay.
    Attribution { begins: &["vào "], verbs: &["đã viết"], name_follows: false },
    Attribution { begins: &["pada "], verbs: &["menulis"], name_follows: false },
    // Estonian.
    Attribution { begins: &["kuupäev ", "kirjutas "], verbs: &["kirjutas"], name_follows: true },
    // Horde and its like, in the larger ones: who, but not when.
    Attribution { begins: QUOTING, verbs: QUOTING, name_follows: true },
    // These name the author first, or are too many to list by their weekdays. Portuguese, Finnish, Turkish, Hungarian,
    // Lithuanian, Latvian.
    Attribution { begins: &[], verbs: &["escreveu ("], name_follows: true },
    Attribution { begins: &[], verbs: &["kirjoitti"], name_follows: true },
    Attribution { begins: &[], verbs: &["yazdı"], name_follows: true },
    Attribution { begins: &[], verbs: &["ezt írta", "írta"], name_follows: true },
    Attribution { begins: &[], verbs: &["rašė"], name_follows: true },
    Attribution { begins: &[], verbs: &["rakstīja"], name_follows: true },
    // Russian, Ukrainian, Bulgarian, Serbian.
    Attribution { begins: &[], verbs: &["написал", "пишет", "писал"], name_follows: true },
    Attribution { begins: &[], verbs: &["пише", "написав", "написала"], name_follows: true },
    Attribution {
        begins: &[], verbs: &["написа", "је написао", "је написала"], name_follows: true
    },
    // Greek.
    Attribution { begins: &[], verbs: &["έγραψε"], name_follows: true },
    // Japanese, Chinese, Korean.
    Attribution { begins: &[], verbs: &["のメール", "書きました", "のメッセージ"], name_follows: true },
    Attribution { begins: &[], verbs: &["写道", "寫道"], name_follows: true },
    Attribution { begins: &[], verbs: &["님이 작성", "작성"], name_follows: true },
    // Hebrew, Arabic, Persian, Hindi, Thai.
    Attribution { begins: &[], verbs: &["כתב"], name_follows: true },
    Attribution { begins: &[], verbs: &["كتب", "تمت كتابة ما يلي", "نوشت"], name_follows: true },
    Attribution { begins: &[], verbs: &["ने लिखा"], name_follows: true },
    Attribution { begins: &[], verbs: &["เขียนว่า", "เขียน"], name_follows: true },
];

/// How Horde begins its attributions.
#[rustfmt::skip]
pub(super) const QUOTING: &[&str] = &[
    "quoting ", "excerpts from ", "in reply to ", "in response to ", "en réponse à ", "in antwort auf ", "en respuesta a ", "in risposta a ", "em resposta a ", "responding to ", "begin quote from ", "zitat von ", "citando ", "mensaje citado por ", "citation de ", "citeren ", "citerar ", "citat ", "cytowanie ",
    "цитирование ",
];

/// More verbs of those who quote somebody: enough only above lines that are marked.
#[rustfmt::skip]
pub(super) const MORE_VERBS: &[&str] = &[
    "said", "says", "dixit", "thus spake", "quoth", "schreibt", "sagte", "écrit", "dijo", "escribe", "scrive", "schrijft", "skriver", "scripsit", "je napisao", "je napisala", "je napisal", "píše", "commented", "scribbled", "typed", "scrawled", "scribed", "penned", "opined", "babbled", "mumbled", "quipped",
];

/// What a client or a person says to whom it quotes.
#[rustfmt::skip]
pub(super) const YOU_WROTE: &[&str] = &[
    "you wrote", "you write", "you said", "du schriebst", "schriebst du", "schrieben sie", "sie schrieben", "vous avez écrit", "vous écriviez",
    "tu as écrit", "tu écrivais", "usted escribió", "escribiste", "hai scritto", "ha scritto lei", "você escreveu", "u schreef", "je schreef",
    "jij schreef", "du skrev", "pisałeś", "pisałaś", "napisałeś", "вы писали", "вы написали", "ты писал", "ти писав", "ви писали", "psal jste",
];

/// A mail of the reader's, as the one above a quote of it says: here, whose it is tells nothing.
#[rustfmt::skip]
pub(super) const YOUR_MAIL: &[&str] = &[
    "your message", "your mail", "your email", "your e-mail", "your letter", "your note", "ihre nachricht", "ihrer nachricht", "ihre mail", "ihrer mail", "ihre e-mail",
    "ihrer e-mail", "votre message", "votre mail", "votre courriel", "vostro messaggio", "vuestro mensaje",
];

/// Months, in full and short. With a day they are a date, where no year stands.
#[rustfmt::skip]
pub(super) const MONTHS: &[&str] = &[
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "jan", "feb", "mar", "apr", "jun",
    "jul", "aug", "sep", "sept", "oct", "nov", "dec", "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "okt", "dez", "janvier", "février",
    "mars", "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio",
    "agosto", "septiembre", "octubre", "noviembre", "diciembre", "gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre",
    "janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro", "januari", "februari", "maart", "mei", "augustus",
    "maj", "augusti", "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada",
    "grudnia", "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
];

/// Words between a name and a date that are neither.
#[rustfmt::skip]
pub(super) const CONNECTIVES: &[&str] = &[
    "on", "at", "in", "of", "the", "from", "by", "via", "message", "article", "mail", "email", "dated", "following", "am", "pm", "um", "uhr", "vom",
    "le", "à", "el", "las", "los", "la", "il", "alle", "ore", "del", "dal", "giorno", "den", "kl", "op", "om", "w", "dniu", "o", "dne", "dňa", "v", "em", "às",
    "de", "da", "do", "di", "du", "des", "dos", "von", "van", "der", "zu", "af", "och", "and", "und", "et", "y", "e", "i", "gmt", "utc", "cet", "cest", "pst", "pdt",
    "est", "edt", "bst", "mailto", "reply", "to", "responding", "quote", "begin", "г", "в", "р", "о", "пользователь",
];

/// Who is spoken of by a pronoun is so by a person.
#[rustfmt::skip]
pub(super) const PRONOUNS: &[&str] = &[
    "he", "she", "they", "we", "it", "him", "them", "who", "somebody", "someone", "er", "wir", "ich", "es", "ihnen", "ils", "elle", "elles", "nous", "él", "ella",
    "ellos", "lui", "loro", "ele", "ela", "eles", "hij", "zij", "wij", "han", "hun", "hon", "они", "он", "она", "мы",
];

/// Labels of the author in the header block that Outlook and others put above the history.
#[rustfmt::skip]
pub(super) const FROM: &[&str] = &[
    "from", "von", "de", "da", "van", "från", "fra", "frá", "od", "от", "від", "kimden", "gönderen", "lähettäjä",
    "feladó", "expéditeur", "remitente", "mittente", "remetente", "afzender", "avsändare", "afsender", "avsender",
    "nadawca", "odesílatel", "odosielateľ", "expeditor", "de la", "από", "подател", "отправитель", "відправник",
    "pošiljatelj", "šalje", "пошиљалац", "nuo", "siuntėjas", "no", "saatja", "kellelt", "από τον/την", "מאת", "من",
    "از", "发件人", "寄件者", "寄件人", "差出人", "送信元", "보낸 사람", "보낸사람", "จาก", "từ", "người gửi", "dari", "daripada", "प्रेषक",
    "द्वारा", "remitent", "mail from",
];

/// Labels of the date there.
#[rustfmt::skip]
pub(super) const SENT: &[&str] = &[
    "sent", "date", "sent at", "gesendet", "gesendet am", "datum", "envoyé", "date d'envoi", "envoyé le", "enviado",
    "enviado el", "fecha", "inviato", "data", "data invio", "enviada em", "enviado em", "enviada", "data de envio",
    "verzonden", "verzonden op", "skickat", "sendt", "sendt dato", "dato", "send", "päiväys", "lähetetty",
    "päivämäärä", "wysłano", "wysłane", "odesláno", "odoslané", "dátum", "elküldve", "küldve", "trimis",
    "data trimiterii", "ημερομηνία", "στάλθηκε", "απεσταλμένα", "изпратено", "отправлено", "message du", "дата", "надіслано",
    "gönderildi", "gönderilme tarihi", "tarih", "poslano", "poslato", "послато", "išsiųsta", "nosūtīts", "saadetud",
    "kuupäev", "נשלח", "בתאריך", "تاريخ الإرسال", "التاريخ", "تم الإرسال", "ارسال شده", "تاریخ", "发送时间", "日期", "寄件日期",
    "傳送時間", "送信日時", "日付", "날짜", "보낸 날짜", "보낸날짜", "ส่ง", "ส่งเมื่อ", "วันที่", "đã gửi", "ngày", "gửi", "dikirim",
    "tanggal", "tarikh", "भेजा गया", "दिनांक", "enviat", "enviat el",
];

/// Labels of the recipients there.
#[rustfmt::skip]
pub(super) const TO: &[&str] = &[
    "to", "cc", "bcc", "reply-to", "an", "kopie", "à", "pour", "para", "a", "copia", "per", "aan", "till", "kopia",
    "til", "kopi", "copie à", "copie", "vastaanottaja", "kopio", "do", "dw", "komu", "kópia", "címzett", "másolatot kap", "către",
    "catre", "προς", "κοιν.", "κοινοποίηση", "до", "кому", "копия", "копія", "kime", "alıcı", "bilgi", "za", "prima",
    "kam", "kopija", "kellele", "koopia", "אל", "עותק", "إلى", "نسخة", "به", "رونوشت", "收件人", "抄送", "收件者", "副本", "宛先",
    "받는 사람", "받는사람", "참조", "ถึง", "สำเนา", "tới", "đến", "người nhận", "kepada", "प्रति", "per a", "cópia",
];

/// Labels of the subject there.
#[rustfmt::skip]
pub(super) const SUBJECT: &[&str] = &[
    "subject", "betreff", "objet", "sujet", "asunto", "oggetto", "assunto", "onderwerp", "ämne", "emne", "efni",
    "aihe", "temat", "předmět", "predmet", "tárgy", "subiect", "subiectul", "θέμα", "относно", "тема", "konu",
    "zadeva", "naslov", "tema", "temats", "teema", "נושא", "הנדון", "الموضوع", "موضوع", "主题", "主旨", "標題", "件名", "제목",
    "เรื่อง", "ชื่อเรื่อง", "chủ đề", "tiêu đề", "perihal", "subjek", "विषय", "assumpte",
];

/// Words between dashes that open the history ("-----Original Message-----").
#[rustfmt::skip]
pub(super) const ORIGINAL: &[&str] = &[
    "original message", "original appointment", "original email", "reply message", "ursprüngliche nachricht",
    "originalnachricht", "original-nachricht", "antwort nachricht", "ursprünglicher termin", "originalmail", "message d'origine", "message d’origine",
    "message original", "message initial", "mensaje original", "missatge original", "messaggio originale",
    "mensagem original", "oorspronkelijk bericht", "origineel bericht", "originalmeddelande",
    "ursprungligt meddelande", "ursprungsmeddelande", "opprinnelig melding", "oprindelig meddelelse",
    "oprindelig besked", "original besked", "originalmeddelelse", "upprunaleg skilaboð", "alkuperäinen viesti",
    "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva", "pôvodná správa", "eredeti üzenet",
    "mesaj original", "αρχικό μήνυμα", "оригинално съобщение", "исходное сообщение", "оригинальное сообщение",
    "вихідне повідомлення", "оригінальне повідомлення", "özgün ileti", "orijinal mesaj", "izvorna poruka",
    "originalna poruka", "izvorno sporočilo", "originalus laiškas", "sākotnējais ziņojums", "algne sõnum",
    "הודעה מקורית", "الرسالة الأصلية", "پیام اصلی", "原始邮件", "原始郵件", "原邮件", "回复的原邮件", "回復的原郵件", "回复的邮件", "原始消息", "元のメッセージ", "원본 메시지", "원본 메일",
    "ข้อความเดิม", "ต้นฉบับ", "tin nhắn gốc", "thư gốc", "pesan asli", "mesej asal", "मूल संदेश",
];

/// What help desks ask for.
#[rustfmt::skip]
pub(super) const ASKED: &[&str] = &[
    "reply", "respond", "response", "answer", "write", "type", "antwort", "schreib", "répon", "écri", "respuesta", "escrib", "rispo", "scriv", "respost", "escrev", "antwoord", "typ",
    "svar", "skriv", "vasta", "odpow", "odpov", "ответ", "返信", "回复", "回覆", "答复", "답",
];

/// Where help desks ask to write.
#[rustfmt::skip]
pub(super) const ABOVE_THIS_LINE: &[&str] = &[
    "above this line", "above the line", "oberhalb dieser linie", "oberhalb dieser zeile", "über dieser linie", "über dieser zeile", "au-dessus de cette ligne", "por encima de esta línea",
    "encima de esta línea", "sopra questa riga", "sopra questa linea", "acima desta linha", "boven deze lijn", "boven deze regel", "ovanför den här raden", "ovenfor denne linje",
    "over denne linjen", "tämän rivin yläpuolelle", "powyżej tej linii", "nad tento řádek", "выше этой строки", "выше этой линии", "この行より上", "この線より上", "在此行上方", "이 줄 위에",
];

/// Words between dashes, or before a colon, that open a forwarded message.
#[rustfmt::skip]
pub(super) const FORWARDED: &[&str] = &[
    "forwarded message", "begin forwarded message", "forwarded email", "forwarded by", "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "message transféré",
    "début du message transféré", "début du message réexpédié", "message réexpédié", "mensaje reenviado",
    "inicio del mensaje reenviado", "missatge reenviat", "inici del missatge reenviat", "messaggio inoltrato",
    "inizio messaggio inoltrato", "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada",
    "início da mensagem reencaminhada", "doorgestuurd bericht", "begin doorgestuurd bericht",
    "vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mejl", "videresendt melding",
    "videresendt meddelelse", "videresendt e-mail", "starten på videresendt melding", "start på videresendt besked",
    "framsent bréf", "välitetty viesti", "edelleenlähetetty viesti", "välitetty viesti alkaa", "przekazana wiadomość",
    "wiadomość przekazana dalej", "początek przekazywanej wiadomości", "przeposlaná zpráva", "přeposlaná zpráva",
    "začátek přeposílané zprávy", "preposlaná správa", "továbbított üzenet", "továbbított levél kezdete",
    "mesaj redirecționat", "începutul mesajului redirecționat", "προωθημένο μήνυμα", "έναρξη προωθημένου μηνύματος",
    "препратено съобщение", "пересылаемое сообщение", "пересланное сообщение", "начало переадресованного сообщения",
    "переслане повідомлення", "початок листа, що пересилається", "iletilen ileti", "iletilmiş mesaj başlangıcı",
    "yönlendirilen mesaj", "proslijeđena poruka", "prosleđena poruka", "posredovano sporočilo", "persiųstas laiškas",
    "pārsūtītais ziņojums", "edastatud sõnum", "edastatud kiri", "הודעה שהועברה", "תחילת ההודעה שהועברה",
    "رسالة معاد توجيهها", "الرسالة المعاد توجيهها", "رسالة محولة", "بدء الرسالة المعاد توجيهها", "پیام هدایت‌شده",
    "转发的邮件", "转发邮件", "轉寄郵件", "轉寄的郵件", "已转发的邮件", "以下是转发的邮件", "開始轉寄郵件", "転送メッセージ", "転送されたメッセージ", "転送メール", "転送する",
    "전달된 메시지", "전달된 메일", "전달한 메시지", "ข้อความที่ส่งต่อ", "thư chuyển tiếp", "tin nhắn chuyển tiếp",
    "thư đã chuyển tiếp", "pesan terusan", "pesan yang diteruskan", "mesej dimajukan", "अग्रेषित संदेश",
];

/// Prefixes of the subject of a forwarded mail, before their colon.
#[rustfmt::skip]
pub(super) const FORWARD_PREFIX: &[&str] = &[
    "fw", "fwd", "wg", "weitergeleitet", "tr", "rv", "reenv", "i", "inoltro", "inoltra", "enc", "doorst", "vb", "vl",
    "videresendt", "vidarebef", "pd", "fs", "továbbítás", "továbbítva", "redirecționat", "πρθ", "προώθηση", "пересл",
    "ilt", "proslijeđeno", "הועבר", "转发", "轉寄", "転送", "전달", "إعادة توجيه", "ส่งต่อ", "chuyển tiếp", "terusan",
];

/// Prefixes of the subject of an answer, before their colon.
#[rustfmt::skip]
pub(super) const REPLY_PREFIX: &[&str] = &[
    "re", "aw", "antw", "antwort", "réf", "rép", "réponse", "res", "resp", "respuesta", "rif", "r", "risposta",
    "sv", "svar", "vs", "bls", "odp", "odpowiedź", "vá", "válasz", "răsp", "odg", "одг", "отг", "отв", "ответ",
    "відп", "відповідь", "απ", "απάντηση", "σχετ", "ynt", "yan", "yanıt", "ats", "atb", "vast", "השב", "תשובה", "תגובה",
    "رد", "الرد", "پاسخ", "उत्तर", "ตอบกลับ", "ตอบ", "trả lời", "balas", "回复", "回覆", "答复", "答覆", "返信", "회신", "답장", "답변",
];

/// Prefixes that programs put before the subject of what they answer by themselves, and of invitations answered.
#[rustfmt::skip]
pub(super) const MACHINE_REPLY_PREFIX: &[&str] = &[
    "automatic reply", "automatische antwort", "réponse automatique", "respuesta automática", "risposta automatica",
    "accepted", "tentative", "declined", "zugesagt", "mit vorbehalt", "abgelehnt", "accepté", "refusé", "aceptado", "aceptada",
    "rechazado", "accettato", "rifiutato", "geaccepteerd", "geweigerd", "accepterat", "accepteret", "zaakceptowano",
];

/// Whose somebody is: a person writes that above what another one wrote, no client does.
#[rustfmt::skip]
pub(super) const POSSESSIVES: &[&str] = &[
    "my", "our", "your", "his", "her", "their", "mein", "meine", "unser", "unsere", "ihr", "ihre", "sein", "seine", "notre",
    "nos", "votre", "nuestro", "nuestra", "vuestro", "nostro", "nostra", "vostro", "nosso", "nossa", "onze", "vår",
    "vores", "nasz", "nasza", "náš", "naše", "наш", "наша",
];
