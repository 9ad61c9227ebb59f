// Prints how postal-mime or mailparser reads each mail named on standard input, as a line of JSON each.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";

const ids = (value) => (Array.isArray(value) ? value : (value ?? "").split(/\s+/)).filter(Boolean);

const readers = {
  async "postal-mime"(raw) {
    const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true });
    return {
      from: mail.from?.address ?? mail.from?.group?.[0]?.address ?? null,
      from_name: mail.from?.name || null,
      to: (mail.to ?? []).flatMap((to) => to.group ?? [to]).map((to) => to.address),
      subject: mail.subject ?? "",
      message_id: mail.messageId ?? null,
      references: ids(mail.references),
      text: mail.text ?? null,
      html: mail.html ?? null,
      files: mail.attachments.map((file) => ({ name: file.filename, bytes: file.content.byteLength ?? file.content.length })),
    };
  },
  async mailparser(raw) {
    const mail = await simpleParser(raw, { keepDeliveryStatus: true, skipImageLinks: true, skipTextToHtml: true, skipTextLinks: true });
    const from = mail.from?.value.flatMap((entry) => entry.group ?? [entry])[0];
    return {
      from: from?.address ?? null,
      from_name: from?.name || null,
      to: [mail.to ?? []].flat().flatMap((list) => list.value).flatMap((entry) => entry.group ?? [entry]).map((to) => to.address),
      subject: mail.subject ?? "",
      message_id: mail.messageId ?? null,
      references: ids(mail.references),
      text: mail.text ?? null,
      html: mail.html || null,
      files: mail.attachments.map((file) => ({ name: file.filename ?? null, bytes: file.size })),
    };
  },
};

const read = readers[process.argv[2]];
for await (const path of createInterface({ input: process.stdin })) {
  let mail;
  try {
    mail = await read(await readFile(path));
  } catch (error) {
    mail = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify({ path, ...mail })}\n`);
}
