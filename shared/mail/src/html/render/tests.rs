use super::*;

#[test]
fn what_a_reader_sees() {
    for (html, text) in [
        ("<p>Hello <b>you</b>!</p><p>Second\n  line</p>", "Hello you!\n\nSecond line"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("x<ul><li>one<li>two</ul>y", "x\n\n- one\n- two\n\ny"),
        ("<ol><li>one</li><li>two<ul><li>sub</li></ul></li></ol>", "1. one\n2. two\n  - sub"),
        ("see <a href=\"https://x.example/a\">this page</a>.", "see this page <https://x.example/a>."),
        ("<a href='https://x.example'>https://x.example/</a>", "https://x.example/"),
        ("<a href='mailto:a@b.c'>a@b.c</a>", "a@b.c"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<a href='https://x.example'><img alt=Logo></a>", "Logo <https://x.example>"),
        ("yes<blockquote>was<blockquote>older</blockquote></blockquote>", "yes\n\n> was\n> > older"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("<style>p{}</style><script>x</script><title>t</title>seen", "seen"),
        ("<div style=\"display:none\">no<div>no</div>no</div>yes", "yes"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        (
            "<table border=1><tr><th>Item<th>Price<th>Left<tr><td><p>Chair</p><td><td><p>2</p><tr><td>Desk<td>30 €</table>x",
            "Item | Price | Left\nChair | | 2\nDesk | 30 €\n\nx",
        ),
        ("<table><tr><td>&nbsp;</td><td><div>Hello</div><p>you</p></td><td> </td></tr></table>", "Hello\n\nyou"),
        ("<ol start=3><li>c<li>d</ol>", "3. c\n4. d"),
        ("a&nbsp;b &lt;c&gt; &euro;", "a b <c> €"),
        ("Gr&uuml;&szlig;e", "Grüße"),
        ("Ship <s>10</s> <del>20</del> 30 chairs", "Ship ~~10~~ ~~20~~ 30 chairs"),
        ("<span style='Text-Decoration: LINE-THROUGH'>Cancel<span> it</span>.</span> No.", "~~Cancel it.~~ No."),
        ("a<strike> b<br>c</strike>d<s></s><s> </s>", "a ~~b~~\n~~c~~d"),
        ("<ul><li style='text-decoration:line-through'>milk<li>bread</ul>", "- ~~milk~~\n- bread"),
        ("<table><tr><td><s>a<td>b</table>c", "~~a~~ | b\nc"),
        ("<p style='text-decoration:line-through'>a<p>b", "~~a~~\n\nb"),
        ("<s>a", "~~a~~"),
        ("", ""),
    ] {
        assert_eq!(html_to_text(html), text, "{html:?}");
    }
}

#[test]
fn depth_and_size_cost_time_only() {
    let deep = "<div>".repeat(200_000) + "x" + &"</div>".repeat(200_000);
    assert_eq!(html_to_text(&deep), "x");
    let quotes = "<blockquote>".repeat(100_000) + "x";
    assert!(html_to_text(&quotes).len() < 100);
    let lists = "<ul>".repeat(100_000) + "<li>x";
    assert!(html_to_text(&lists).len() < 100);
    assert_eq!(html_to_text(&"<".repeat(300_000)).len(), 300_000);
    assert_eq!(html_to_text(&"<a href='https://x/'>".repeat(100_000)), "");
}
