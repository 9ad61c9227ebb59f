//! Texts to be held against limits and markup.

/// Texts that try everything at once: emoji with joiners, combining marks, right to left, mentions, markup of every kind.
pub(crate) fn hostile_text(most_pieces: usize) -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<!channel>",
            "<!here>",
            "<@U012A3CDE>",
            "<https://evil.example|ok>",
            "@channel",
            "@eve_bot",
            "/start@bot",
            "#tag",
            "$USD",
            "https://evil.example/x",
            "evil.example",
            "tg://resolve",
            "*bold*",
            "_it_",
            "~no~",
            "`x`",
            "```",
            "> quote",
            "</b>",
            "<b>",
            "<a href=\"x\">",
            "</blockquote>",
            "&amp;",
            "&lt;",
            ":smile:",
            "\u{202e}",
            "\u{200b}",
            "\u{e0041}",
            "👩\u{200d}👩\u{200d}👧",
            "🏳\u{fe0f}\u{200d}🌈",
            "🇩🇪",
            "👍🏽",
            "e\u{301}\u{302}\u{303}",
            "مرحبا",
            "שלום",
            "你好",
            "\0",
            "\r\n",
            "\n\n",
            "\t",
            " ",
            "│ ",
            "│ Approved by Dana",
            "word ",
            "a long sentence of several words. ",
            "--------",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..most_pieces).prop_map(|pieces| pieces.concat())
}
