//! Charsets that are in no browser but still in mail, and names of others that only mail uses.

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8};

/// The upper halves of code pages of IBM PCs, from 0x80 on.
const PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const PAGE_852: &str = "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";
const PAGE_858: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

const PAGES: [(&str, &str); 15] = [
    ("437", PAGE_437),
    ("852", PAGE_852),
    ("858", PAGE_858),
    (
        "737",
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψ░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀ωάέήϊίόύϋώΆΈΉΊΌΎΏ±≥≤ΪΫ÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "775",
        "ĆüéāäģåćłēŖŗīŹÄÅÉæÆōöĢ¢ŚśÖÜø£Ø×¤ĀĪóŻżź”¦©®¬½¼Ł«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐└┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀ÓßŌŃõÕµńĶķĻļņĒŅ’\u{ad}±“¾¶§÷„°∙·¹³²■\u{a0}",
    ),
    (
        "855",
        "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐└┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}",
    ),
    (
        "857",
        "ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜø£ØŞşáíóúñÑĞğ¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ºªÊËÈ\u{fffd}ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµ\u{fffd}×ÚÛÙìÿ¯´\u{ad}±\u{fffd}¾¶§÷¸°¨·¹³²■\u{a0}",
    ),
    (
        "860",
        "ÇüéâãàÁçêÊèÍÔìÃÂÉÀÈôõòÚùÌÕÜ¢£Ù₧ÓáíóúñÑªº¿Ò¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "861",
        "ÇüéâäàåçêëèÐðÞÄÅÉæÆôöþûÝýÖÜø£Ø₧ƒáíóúÁÍÓÚ¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "862",
        "אבגדהוזחטיךכלםמןנסעףפץצקרשת¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "863",
        "ÇüéâÂà¶çêëèïî‗À§ÉÈÊôËÏûù¤ÔÜ¢£ÙÛƒ¦´óú¨¸³¯Î⌐¬½¼¾«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "864",
        "°·∙√▒─│┼┤┬├┴┐┌└┘β∞φ±½¼≈«»ﻷﻸ\u{fffd}\u{fffd}ﻻﻼ\u{fffd}\u{a0}\u{ad}ﺂ£¤ﺄ\u{fffd}\u{fffd}ﺎﺏﺕﺙ،ﺝﺡﺥ٠١٢٣٤٥٦٧٨٩ﻑ؛ﺱﺵﺹ؟¢ﺀﺁﺃﺅﻊﺋﺍﺑﺓﺗﺛﺟﺣﺧﺩﺫﺭﺯﺳﺷﺻﺿﻁﻅﻋﻏ¦¬÷×ﻉـﻓﻗﻛﻟﻣﻧﻫﻭﻯﻳﺽﻌﻎﻍﻡﹽّﻥﻩﻬﻰﻲﻐﻕﻵﻶﻝﻙﻱ■\u{fffd}",
    ),
    (
        "865",
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø₧ƒáíóúñÑªº¿⌐¬½¼¡«¤░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "869",
        "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}Ά\u{fffd}·¬¦‘’Έ―ΉΊΪΌ\u{fffd}\u{fffd}ΎΫ©Ώ²³ά£έήίϊΐόύΑΒΓΔΕΖΗ½ΘΙ«»░▒▓│┤ΚΛΜΝ╣║╗╝ΞΟ┐└┴┬├─┼ΠΡ╚╔╩╦╠═╬ΣΤΥΦΧΨΩαβγ┘┌█▄δε▀ζηθικλμνξοπρσςτ΄\u{ad}±υφχ§ψ΅°¨ωϋΰώ■\u{a0}",
    ),
    (
        "maccentraleurope",
        "ÄĀāÉĄÖÜáąČäčĆćéŹźĎíďĒēĖóėôöõúĚěü†°Ę£§•¶ß®©™ę¨≠ģĮįĪ≤≥īĶ∂∑łĻļĽľĹĺŅņŃ¬√ńŇ∆«»…\u{a0}ňŐÕőŌ–—“”‘’÷◊ōŔŕŘ‹›řŖŗŠ‚„šŚśÁŤťÍŽžŪÓÔūŮÚůŰűŲųÝýķŻŁżĢˇ",
    ),
];
/// TCVN 5712's neighbour of old Vietnamese mail (RFC 1456): letters stand in the place of six control characters, too.
const VISCII: &str = "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ";

/// The charset of the WHATWG that a name of Windows or Java stands for.
pub(super) fn alias(label: &str) -> Option<&'static Encoding> {
    Some(match label.to_ascii_lowercase().as_str() {
        "cp932" | "ms932" | "ibm943" | "x-ms-cp932" => SHIFT_JIS,
        "cp949" | "ms949" | "uhc" | "x-windows-949" => EUC_KR,
        "cp936" | "ms936" => GBK,
        "cp950" | "ms950" | "x-windows-950" => BIG5,
        "cp50220" | "cp50221" | "cp50222" | "iso-2022-jp-ms" | "iso-2022-jp-1" => ISO_2022_JP,
        "cp65001" => UTF_8,
        _ => return None,
    })
}

/// How `bytes` under `label` are read, where it is one of these charsets, and they can be it.
pub(super) fn decoder(label: &str, bytes: &[u8]) -> Option<fn(&[u8]) -> String> {
    // Nearly all mail says one of these, or nothing.
    if ["", "utf-8", "us-ascii", "iso-8859-1", "windows-1252"].iter().any(|usual| label.eq_ignore_ascii_case(usual)) {
        return None;
    }
    let label = label.to_ascii_lowercase();
    match label.as_str() {
        "hz-gb-2312" | "hz" => return Some(decode_hz),
        "iso-2022-kr" | "csiso2022kr" => return has_shifts(bytes).then_some(decode_iso_2022_kr),
        "iso-2022-cn" | "iso-2022-cn-ext" => return has_shifts(bytes).then_some(decode_iso_2022_cn),
        "utf-32" | "utf32" | "ucs-4" | "iso-10646-ucs-4" | "utf-32le" | "utf-32be" => {
            let is_little = bytes.starts_with(b"\xff\xfe\0\0") || label.ends_with("le");
            return Some(if is_little { decode_utf_32_le } else { decode_utf_32_be });
        }
        "utf-7" | "utf7" | "unicode-1-1-utf-7" | "unicode-2-0-utf-7" | "x-unicode-2-0-utf-7" | "csunicode11utf7" => {
            return bytes.is_ascii().then_some(decode_utf_7);
        }
        "viscii" | "csviscii" => return Some(decode_viscii),
        "x-mac-ce" | "x-mac-centraleurroman" | "mac-centraleurope" => {
            return Some(|bytes| decode_page(bytes, page("maccentraleurope")));
        }
        _ => {}
    }
    let number = label.strip_prefix("cspc8codepage").or_else(|| {
        let name = label.strip_prefix("cp").or_else(|| label.strip_prefix("ibm")).unwrap_or(&label);
        Some(name.trim_start_matches(['-', '_', '0']))
    });
    Some(match number? {
        "437" => |bytes| decode_page(bytes, PAGE_437),
        "852" => |bytes| decode_page(bytes, PAGE_852),
        "858" => |bytes| decode_page(bytes, PAGE_858),
        "737" => |bytes| decode_page(bytes, page("737")),
        "775" => |bytes| decode_page(bytes, page("775")),
        "855" => |bytes| decode_page(bytes, page("855")),
        "857" => |bytes| decode_page(bytes, page("857")),
        "860" => |bytes| decode_page(bytes, page("860")),
        "861" => |bytes| decode_page(bytes, page("861")),
        "862" => |bytes| decode_page(bytes, page("862")),
        "863" => |bytes| decode_page(bytes, page("863")),
        "864" => |bytes| decode_page(bytes, page("864")),
        "865" => |bytes| decode_page(bytes, page("865")),
        "869" => |bytes| decode_page(bytes, page("869")),
        _ => return None,
    })
}

/// UTF-7 (RFC 2152): UTF-16 in base64 behind a `+`, up to what is none, of which a `-` is left out.
fn decode_utf_7(bytes: &[u8]) -> String {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'+' {
            out.push(char::from(*first));
            continue;
        }
        if let [b'-', after @ ..] = rest {
            out.push('+');
            rest = after;
            continue;
        }
        let (mut bits, mut count, mut units) = (0_u32, 0, Vec::new());
        let mut length = 0;
        for value in rest.iter().map_while(|byte| value(*byte)) {
            (bits, count, length) = (bits << 6 | u32::from(value), count + 6, length + 1);
            if count >= 16 {
                count -= 16;
                units.push(u16::try_from(bits >> count & 0xffff).unwrap_or_default());
                bits &= (1 << count) - 1;
            }
        }
        out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        rest = rest.get(length..).unwrap_or_default();
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
    }
    out
}

/// The upper half of a page.
fn page(name: &str) -> &'static str {
    PAGES.iter().find(|(page, _)| *page == name).map(|(_, upper)| *upper).unwrap_or_default()
}

/// Whether bytes are ASCII and have the shifts of ISO 2022.
fn has_shifts(bytes: &[u8]) -> bool {
    memchr::memchr(SHIFT_OUT, bytes).is_some() && bytes.is_ascii()
}

pub(super) const ESCAPE: u8 = 0x1b;
pub(super) const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// Whether bytes name KS C 5601 as ISO-2022-KR has to (RFC 1557).
pub(super) fn is_iso_2022_kr(bytes: &[u8]) -> bool {
    has_shifts(bytes) && memchr::memmem::find(bytes, b"\x1b$)C").is_some()
}

/// ISO-2022-KR (RFC 1557): KS C 5601 in seven bits between SO and SI, which is EUC-KR with the eighth bit set.
pub(super) fn decode_iso_2022_kr(bytes: &[u8]) -> String {
    EUC_KR.decode_without_bom_handling(&with_eighth_bit(bytes)).0.into_owned()
}

/// ISO-2022-CN (RFC 1922), its simplified half: GB 2312 in seven bits between SO and SI, which is GBK with the eighth bit.
fn decode_iso_2022_cn(bytes: &[u8]) -> String {
    GBK.decode_without_bom_handling(&with_eighth_bit(bytes)).0.into_owned()
}

/// The bytes between shifts with their eighth bit set, without shifts and without escapes that name a charset.
fn with_eighth_bit(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut is_out = false;
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        rest = match (*byte, after) {
            (SHIFT_OUT, _) => {
                is_out = true;
                after
            }
            (SHIFT_IN, _) => {
                is_out = false;
                after
            }
            (0x1b, [b'$', b')' | b'*' | b'+', _, behind @ ..]) => behind,
            (byte, _) => {
                // A line begins in ASCII.
                is_out &= byte != b'\n';
                out.push(if is_out && byte.is_ascii_graphic() { byte | 0x80 } else { byte });
                after
            }
        };
    }
    out
}

fn decode_utf_32_le(bytes: &[u8]) -> String {
    decode_utf_32(bytes, u32::from_le_bytes)
}

fn decode_utf_32_be(bytes: &[u8]) -> String {
    decode_utf_32(bytes, u32::from_be_bytes)
}

fn decode_utf_32(bytes: &[u8], number: fn([u8; 4]) -> u32) -> String {
    let (characters, _) = bytes.as_chunks::<4>();
    let read = |bytes: &[u8; 4]| char::from_u32(number(*bytes)).unwrap_or(char::REPLACEMENT_CHARACTER);
    let text: String = characters.iter().map(read).collect();
    text.strip_prefix('\u{feff}').map(ToOwned::to_owned).unwrap_or(text)
}

fn decode_viscii(bytes: &[u8]) -> String {
    let low = |c: char| match c {
        '\u{2}' => 'Ẳ',
        '\u{5}' => 'Ẵ',
        '\u{6}' => 'Ẫ',
        '\u{14}' => 'Ỷ',
        '\u{19}' => 'Ỹ',
        '\u{1e}' => 'Ỵ',
        c => c,
    };
    decode_page(bytes, VISCII).chars().map(low).collect()
}

fn decode_page(bytes: &[u8], upper: &str) -> String {
    let upper: Vec<char> = upper.chars().collect();
    let char_of = |byte: &u8| match byte.checked_sub(0x80) {
        Some(place) => upper.get(usize::from(place)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        None => char::from(*byte),
    };
    bytes.iter().map(char_of).collect()
}

/// HZ (RFC 1843): GB 2312 in seven bits, between `~{` and `~}`. With the eighth bit set it is GBK.
fn decode_hz(bytes: &[u8]) -> String {
    let mut gbk = Vec::with_capacity(bytes.len());
    let mut in_pairs = false;
    let mut rest = bytes;
    loop {
        rest = match rest {
            [b'~', b'{', after @ ..] if !in_pairs => {
                in_pairs = true;
                after
            }
            [b'~', b'}', after @ ..] if in_pairs => {
                in_pairs = false;
                after
            }
            [b'~', b'~', after @ ..] if !in_pairs => {
                gbk.push(b'~');
                after
            }
            [b'~', b'\n', after @ ..] | [b'~', b'\r', b'\n', after @ ..] if !in_pairs => after,
            [first @ b'!'..=b'~', second @ b'!'..=b'~', after @ ..] if in_pairs => {
                gbk.extend([first | 0x80, second | 0x80]);
                after
            }
            [byte, after @ ..] => {
                // A line break ends the pairs (section 2), as does what can be none.
                in_pairs &= *byte != b'\n';
                gbk.push(*byte);
                after
            }
            [] => return GBK.decode_without_bom_handling(&gbk).0.into_owned(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_whole() {
        for (name, page) in PAGES.into_iter().chain([("viscii", VISCII)]) {
            assert_eq!(page.chars().count(), 128, "{name}");
        }
        assert_eq!(decode_page(b"M\x81ller \x80\xff", PAGE_437), "Müller Ç\u{a0}");
    }

    #[test]
    fn charsets_that_browsers_gave_up() {
        let read = |bytes: &[u8], label: &str| super::super::decode(bytes, Some(label));
        for label in ["iso-2022-kr", "ISO-2022-KR", "csISO2022KR", "us-ascii", "iso-8859-1", "utf-8"] {
            let bytes = b"\x1b$)C\x0e>H3g\x0f, \x0e0v?d\x0f!\n\x0e>H3g\x0f";
            assert_eq!(read(bytes, label), "안녕, 곱요!\n안녕", "{label}");
        }
        assert_eq!(read(b"\x1b$)A\x0eDc:C\x0f ok", "iso-2022-cn"), "你好 ok");
        assert_eq!(read(b"\xff\xfe\0\0G\0\0\0\xfc\0\0\0", "utf-32"), "Gü");
        assert_eq!(read(b"\0\0\0G\0\0\0\xfc", "utf-32be"), "Gü");
        assert_eq!(read(b"Ti\xaang Vi\xaet", "viscii"), "Tiếng Việt");
        assert_eq!(read(b"\x8a", "cp862"), "ך");
        assert_eq!(read(b"\x8e\xa0", "cp737"), "Οι");
        // Bytes that cannot be it.
        assert_eq!(read("café".as_bytes(), "iso-2022-kr"), "café");
    }

    #[test]
    fn hz_as_it_comes() {
        for (bytes, text) in [
            (&b"This: ~{<:Ky2;S{#,NpJ)l6HK!#~}Bye."[..], "This: 己所不欲，勿施於人。Bye."),
            (b"a~~b~\nc", "a~bc"),
            (b"~{<:\nplain", "己\nplain"),
            (b"caf\xe9", "caf\u{fffd}"),
            (b"~{", ""),
        ] {
            assert_eq!(decode_hz(bytes), text, "{bytes:?}");
        }
    }
}
