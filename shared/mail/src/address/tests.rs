use super::*;

fn one(value: &str) -> (String, String) {
    let mut list = parse_list(value);
    assert_eq!(list.len(), 1, "{value:?} gave {list:?}");
    let Mailbox { email, name } = list.remove(0);
    (email, name.unwrap_or_default())
}

#[test]
fn every_common_shape() {
    for (value, email, name) in [
        ("ada@example.com", "ada@example.com", ""),
        ("<ada@example.com>", "ada@example.com", ""),
        ("Ada Lovelace <ada@example.com>", "ada@example.com", "Ada Lovelace"),
        ("\"Lovelace, Ada \\\"A\\\"\" <ada@example.com>", "ada@example.com", "Lovelace, Ada \"A\""),
        ("=?utf-8?Q?J=C3=BCrgen?= =?utf-8?Q?_M?= <j@example.com>", "j@example.com", "Jürgen M"),
        ("\"=?utf-8?B?SsO8cmdlbg==?=\" <j@example.com>", "j@example.com", "Jürgen"),
        ("ada@example.com (Ada)", "ada@example.com", "Ada"),
        // A display name that is an address must never become part of the address.
        ("ceo@bank.com <eve@evil.example>", "eve@evil.example", "ceo@bank.com"),
        ("\"ceo@bank.com\" <eve@evil.example>", "eve@evil.example", "ceo@bank.com"),
        ("Ada <@relay.a,@relay.b:ada@example.com>", "ada@example.com", "Ada"),
        ("Ada <ada@example.com", "ada@example.com", "Ada"),
        ("Team: ada@example.com;", "ada@example.com", ""),
        ("Ada <\"ada.l\"@example.com>", "ada.l@example.com", "Ada"),
        ("Ada <ada . l @ example.com>", "ada.l@example.com", "Ada"),
        ("(\"@\u{0}", "\"@", ""),
        ("<\"ada\u{7} l\"@example.com>", "\"ada l\"@example.com", ""),
        // Commas, brackets and colons within an encoded word.
        ("=?utf-8?Q?L=C3=B6we,_Eva_(Lager):?= <eva@x.example>", "eva@x.example", "Löwe, Eva (Lager):"),
        ("=?iso-8859-1?q?Gr=F6n, Bo <Bo>?= <bo@x.example>", "bo@x.example", "Grön, Bo <Bo>"),
        ("=?utf-8?Q?L=C3=B6we?=, =?utf-8?Q?Eva?= <eva@x.example>", "eva@x.example", "Löwe, Eva"),
        ("=?utf-8?Q?Eva <eva@x.example>?=", "eva@x.example", "=?utf-8?Q?Eva"),
        ("=?utf-8?Q?Eva <eva@x.example>", "eva@x.example", "=?utf-8?Q?Eva"),
        // Names that stand between no quotes, or between quotes that do not close.
        ("Löwe, Eva <eva@x.example>", "eva@x.example", "Löwe, Eva"),
        ("Eva: Lowe <eva@x.example>", "eva@x.example", "Eva: Lowe"),
        ("Löwe, Eva, Dr. <eva@x.example>", "eva@x.example", "Löwe, Eva, Dr."),
        ("\"Eva Lowe <eva@x.example>", "eva@x.example", "Eva Lowe"),
        ("Eva \"Lowe <eva@x.example>", "eva@x.example", "Eva Lowe"),
        ("\"Eva Lowe\\\" <eva@x.example>", "eva@x.example", "Eva Lowe"),
        ("\\\"Eva Lowe\\\" <eva@x.example>", "eva@x.example", "Eva Lowe"),
        ("'Eva Lowe' <eva@x.example>", "eva@x.example", "Eva Lowe"),
        ("'eva@x.example' <'eva@x.example'>", "eva@x.example", "eva@x.example"),
        ("“eva@x.example” <“eva@x.example”>", "eva@x.example", "“eva@x.example”"),
        ("'Eva' via Team <team@x.example>", "team@x.example", "'Eva' via Team"),
        ("'t Hooft <'t.hooft@x.example>", "'t.hooft@x.example", "'t Hooft"),
        // Brackets of other kinds.
        ("Eva Lowe [eva@x.example]", "eva@x.example", "Eva Lowe"),
        ("Eva Lowe [mailto:eva@x.example]", "eva@x.example", "Eva Lowe"),
        ("Eva Lowe ＜eva@x.example＞", "eva@x.example", "Eva Lowe"),
        ("<Eva Lowe> eva@x.example", "eva@x.example", "Eva Lowe"),
        ("Eva Lowe (Wood <eva@x.example>", "eva@x.example", "Eva Lowe (Wood"),
        ("Lowe\\, Eva <eva@x.example>", "eva@x.example", "Lowe, Eva"),
        ("\"\\\"Eva Lowe\\\"\" <eva@x.example>", "eva@x.example", "Eva Lowe"),
        ("\"Lowe, Eva\" eva@x.example", "eva@x.example", "Lowe, Eva"),
        ("«eva@x.example»", "eva@x.example", ""),
        ("„eva@x.example“", "eva@x.example", ""),
        ("=?utf-8?B?TMO2d2UsIEV2YSA8ZXZhQHguZXhhbXBsZT4=?=", "eva@x.example", "Löwe, Eva"),
        ("=?utf-8?Q?L=C3=B6we=2C_Eva_=3Ceva=40x.example=3E?=", "eva@x.example", "Löwe, Eva"),
        ("Eva Lowe <mailto:eva@x.example>", "eva@x.example", "Eva Lowe"),
        ("Eva Lowe {eva@x.example}", "eva@x.example", "Eva Lowe"),
        ("Eva Lowe <{eva@x.example>", "{eva@x.example", "Eva Lowe"),
        ("Eva Lowe (eva@x.example)", "eva@x.example", "Eva Lowe"),
        ("Eva Lowe &lt;eva@x.example&gt;", "eva@x.example", "Eva Lowe"),
        // What others read as the author is the author.
        ("Chef ＜ceo@bank.example＞ eve@evil.example", "eve@evil.example", "Chef"),
        ("eva@[192.0.2.1]", "eva@[192.0.2.1]", ""),
        ("Eva <eva@x.example.>", "eva@x.example", "Eva"),
        // The same domain, as hosts write it; full-width letters are no host's name.
        ("Eva <eva@Käse.example>", "eva@xn--kse-qla.example", "Eva"),
        ("eva@日本語.example", "eva@xn--wgv71a119e.example", ""),
        ("eva@ｘ.example", "eva@ｘ.example", ""),
        // Another address without its quotes.
        ("<\"ada lovelace\"@example.com>", "\"ada lovelace\"@example.com", ""),
        ("Ada \"ada lovelace\"@example.com", "\"ada lovelace\"@example.com", "Ada"),
        ("<\"ceo@bank.com, \\\"x\\\"\"@evil.example>", "\"ceo@bank.com, \\\"x\\\"\"@evil.example", ""),
    ] {
        assert_eq!(one(value), (email.to_owned(), name.to_owned()), "{value:?}");
    }
}

#[test]
fn lists_groups_and_nothing() {
    let emails = |value: &str| parse_list(value).into_iter().map(|m| m.email).collect::<Vec<_>>();
    assert_eq!(emails("a@x, B <b@x>; Team: c@x, \"D, E\" <d@x>;"), ["a@x", "b@x", "c@x", "d@x"]);
    assert_eq!(emails("Eva <eva@x> Bo <bo@x>"), ["eva@x", "bo@x"]);
    assert_eq!(emails("Eva <eva@x> <bo@x>"), ["eva@x", "bo@x"]);
    assert_eq!(emails("eva@x bo@x"), ["eva@x", "bo@x"]);
    assert_eq!(emails("\"Eva <eva@x>, \"Bo\" <bo@x>"), ["eva@x", "bo@x"]);
    assert_eq!(emails("Lowe, Eva <eva@x>, Ek, Bo <bo@x>; cy@x"), ["eva@x", "bo@x", "cy@x"]);
    let names = parse_list("Lowe, Eva <eva@x>, Ek, Bo <bo@x>");
    assert_eq!(names.iter().map(|m| m.name.as_deref()).collect::<Vec<_>>(), [Some("Lowe, Eva"), Some("Ek, Bo")]);
    assert_eq!(parse_list("team, eva@x"), [Mailbox { email: "eva@x".to_owned(), name: None }]);
    for empty in ["", "undisclosed-recipients:;", ",,,", "nobody", "(((((", "<", "\""] {
        assert!(emails(empty).is_empty(), "{empty:?}");
    }
    assert_eq!(parse_list(&"a@b,".repeat(5_000)).len(), MAX_ADDRESSES);
}

#[test]
fn plain_addresses_are_read_as_they_stand() {
    for text in ["a@b.example", "A.b+c_d-e@f-g.example", "a@b@c", "@a"] {
        assert!(is_plain(text), "{text}");
        assert_eq!(parse_list(text).into_iter().map(|mailbox| mailbox.email).collect::<Vec<_>>(), [text]);
    }
    for text in ["", "a", "a@b.", "'a@b'", "a b@c", "<a@b>", "a@b,c@d", "a@ü.example", "\"a\"@b"] {
        assert!(!is_plain(text), "{text}");
    }
}
