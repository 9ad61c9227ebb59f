//! The tree that browsers build of a document (HTML standard, section 13.2), in one vector.

use std::{borrow::Cow, cell::RefCell};

use html5ever::{
    Attribute, LocalName, Namespace, ParseOpts, QualName,
    interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink},
    ns, parse_document,
    tendril::{StrTendril, TendrilSink as _},
    tree_builder::TreeBuilderOpts,
};

/// What stands at one place of the tree.
#[derive(Debug)]
pub(super) enum Content {
    /// The root, and what templates hold.
    Document,
    /// Comments and what browsers read as such: conditions of Outlook, processing instructions, CDATA.
    Comment(String),
    Text(String),
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) content: Content,
    parent: Option<usize>,
    pub(super) children: Vec<usize>,
}

/// A document. Its root is the first node.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// `html` as a document in standards mode. Scripts count as switched off, as they are wherever mail is read.
    pub(super) fn of(html: &str) -> Self {
        let root = Node { content: Content::Document, parent: None, children: Vec::new() };
        let sink = Sink { nodes: RefCell::new(vec![root]) };
        let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
        let mut parser = parse_document(sink, ParseOpts { tree_builder, ..ParseOpts::default() });
        // A later doctype is not heard.
        parser.process(StrTendril::from_slice("<!doctype html>"));
        parser.process(StrTendril::from_slice(html));
        Self { nodes: parser.finish() }
    }

    pub(super) fn node(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// What a node holds.
    pub(super) fn children(&self, at: usize) -> &[usize] {
        self.nodes.get(at).map_or(&[], |node| node.children.as_slice())
    }
}

struct Sink {
    nodes: RefCell<Vec<Node>>,
}

/// The name of an element, apart from the tree.
#[derive(Debug)]
struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Sink {
    fn add(&self, content: Content) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { content, parent: None, children: Vec::new() });
        nodes.len() - 1
    }

    /// The parent of a node and where in it the node stands.
    fn place(&self, of: usize) -> Option<(usize, usize)> {
        let nodes = self.nodes.borrow();
        let parent = nodes.get(of)?.parent?;
        let at = nodes.get(parent)?.children.iter().rposition(|child| *child == of)?;
        Some((parent, at))
    }

    fn detach(&self, node: usize) {
        let Some((parent, at)) = self.place(node) else { return };
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes.get_mut(parent) {
            parent.children.remove(at);
        }
        if let Some(node) = nodes.get_mut(node) {
            node.parent = None;
        }
    }

    /// Puts `child` into `parent`, `at` its place. Text joins the text before it.
    fn insert(&self, parent: usize, at: usize, child: NodeOrText<usize>) {
        let child = match child {
            NodeOrText::AppendNode(child) => child,
            NodeOrText::AppendText(more) => {
                let mut nodes = self.nodes.borrow_mut();
                let before = at.checked_sub(1).and_then(|at| nodes.get(parent)?.children.get(at).copied());
                if let Some(Node { content: Content::Text(text), .. }) = before.and_then(|at| nodes.get_mut(at)) {
                    text.push_str(&more);
                    return;
                }
                drop(nodes);
                self.add(Content::Text(more.to_string()))
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        if let Some(node) = nodes.get_mut(child) {
            node.parent = Some(parent);
        }
        if let Some(parent) = nodes.get_mut(parent) {
            let at = at.min(parent.children.len());
            parent.children.insert(at, child);
        }
    }
}

impl TreeSink for Sink {
    type Handle = usize;
    type Output = Vec<Node>;
    type ElemName<'a> = Name;

    fn finish(self) -> Self::Output {
        self.nodes.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> usize {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a usize) -> Name {
        Name(match self.nodes.borrow().get(*target).map(|node| &node.content) {
            Some(Content::Element { name, .. }) => name.clone(),
            // The parser asks of elements only.
            _ => QualName::new(None, ns!(html), LocalName::from("")),
        })
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> usize {
        self.add(Content::Element { name, attributes })
    }

    fn create_comment(&self, text: StrTendril) -> usize {
        self.add(Content::Comment(text.to_string()))
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> usize {
        self.add(Content::Comment(format!("{target} {data}")))
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        let end = self.nodes.borrow().get(*parent).map_or(0, |node| node.children.len());
        self.insert(*parent, end, child);
    }

    fn append_based_on_parent_node(&self, element: &usize, before: &usize, child: NodeOrText<usize>) {
        if self.place(*element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// What a template holds is kept as its child: nothing of it is written.
    fn get_template_contents(&self, target: &usize) -> usize {
        if let Some(first) = self.nodes.borrow().get(*target).and_then(|node| node.children.first()) {
            return *first;
        }
        let contents = self.add(Content::Document);
        self.insert(*target, 0, NodeOrText::AppendNode(contents));
        contents
    }

    fn same_node(&self, one: &usize, other: &usize) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &usize, new: NodeOrText<usize>) {
        if let NodeOrText::AppendNode(node) = &new {
            self.detach(*node);
        }
        if let Some((parent, at)) = self.place(*sibling) {
            self.insert(parent, at, new);
        }
    }

    fn add_attrs_if_missing(&self, target: &usize, more: Vec<Attribute>) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(Node { content: Content::Element { attributes, .. }, .. }) = nodes.get_mut(*target) {
            for attribute in more {
                if attributes.iter().all(|known| known.name != attribute.name) {
                    attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &usize) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &usize, new_parent: &usize) {
        let mut nodes = self.nodes.borrow_mut();
        let children = nodes.get_mut(*node).map(|node| std::mem::take(&mut node.children)).unwrap_or_default();
        for child in &children {
            if let Some(child) = nodes.get_mut(*child) {
                child.parent = Some(*new_parent);
            }
        }
        if let Some(parent) = nodes.get_mut(*new_parent) {
            parent.children.extend(children);
        }
    }
}
