//! Charsets that are in no browser but still in mail, and names of others that only mail uses.

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8};

/// The upper halves of code pages of IBM PCs, from 0x80 on.
const PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const PAGE_852: &str = "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";
const PAGE_858: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

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

/// How bytes under `label` are read, where it is one of these charsets.
pub(super) fn decoder(label: &str) -> Option<fn(&[u8]) -> String> {
    let label = label.to_ascii_lowercase();
    if matches!(label.as_str(), "hz-gb-2312" | "hz") {
        return Some(decode_hz);
    }
    let page = label.strip_prefix("cspc8codepage").or_else(|| {
        let name = label.strip_prefix("cp").or_else(|| label.strip_prefix("ibm")).unwrap_or(&label);
        Some(name.trim_start_matches(['-', '_', '0']))
    });
    match page? {
        "437" => Some(|bytes| decode_page(bytes, PAGE_437)),
        "852" => Some(|bytes| decode_page(bytes, PAGE_852)),
        "858" => Some(|bytes| decode_page(bytes, PAGE_858)),
        _ => None,
    }
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
        for page in [PAGE_437, PAGE_852, PAGE_858] {
            assert_eq!(page.chars().count(), 128);
        }
        assert_eq!(decode_page(b"M\x81ller \x80\xff", PAGE_437), "Müller Ç\u{a0}");
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
