// The way in: becoming the first owner, taking an invitation, signing in; and who has signed in.

import { call, Problem } from "./api.js";
import { chosen, speaker } from "./words.js";

const language = chosen(navigator.languages);
const say = speaker(language);
const page = document.getElementById("page");
document.documentElement.lang = language;

/** Make an element; what is undefined or null among its children is left out. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Show a page in place of what is there. */
function show(title, ...parts) {
  document.title = `${title} · Modelbay`;
  page.replaceChildren(make("h1", { tabindex: "-1" }, title), ...parts.filter((part) => part != null));
  (page.querySelector("input:not([readonly])") ?? page.querySelector("h1")).focus();
}

function field(name, { hint, ...attributes }) {
  const input = make("input", { name, "aria-describedby": `${name}-wrong`, ...attributes });
  const wrong = make("span", { class: "wrong", id: `${name}-wrong`, role: "alert" });
  return make("label", {}, say(name), hint ? make("span", { class: "faint" }, hint) : null, input, wrong);
}

const email = () => field("email", { type: "email", autocomplete: "username", required: "" });
const password = (use, hint) => field("password", { type: "password", autocomplete: use, required: "", hint });

/** Return a form; `send` is given what was filled in, and says what follows by not failing. */
function form(button, send, ...fields) {
  const wrong = make("p", { class: "wrong", role: "alert" });
  const submit = make("button", { type: "submit" }, button);
  const made = make("form", { novalidate: "" }, ...fields, wrong, submit);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    clear(made);
    try {
      await send(Object.fromEntries(new FormData(made)));
    } catch (error) {
      complain(made, wrong, error);
    } finally {
      submit.disabled = false;
    }
  });
  return made;
}

function clear(made) {
  for (const each of made.querySelectorAll(".wrong")) each.textContent = "";
  for (const each of made.querySelectorAll("input")) each.removeAttribute("aria-invalid");
}

/** Say what is wrong: at the fields that it is about, else below them. */
function complain(made, below, error) {
  if (!(error instanceof Problem)) {
    below.textContent = say("lost");
    return;
  }
  const about = error.errors.filter(({ field: name }) => made.elements[name] && made.querySelector(`#${name}-wrong`));
  for (const { field: name, message } of about) {
    made.querySelector(`#${name}-wrong`).textContent = message;
    made.elements[name].setAttribute("aria-invalid", "true");
  }
  if (about.length) made.elements[about[0].field].focus();
  else below.textContent = [error.detail, error.wait && say("wait", { seconds: error.wait })].filter(Boolean).join(" ");
}

/** Return what the link holds, and take it out of the address: what is there is kept and shown by browsers. */
function token() {
  const held = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return held;
}

const home = () => location.replace("/");
const text = (name, values) => make("p", {}, say(name, values));
const signInLink = () => make("a", { class: "button", href: "/sign-in" }, say("signInInstead"));

async function setup() {
  const held = token();
  const { needed } = await call("GET", "/api/setup");
  if (!needed) return show(say("setupDone"), signInLink());
  if (!held) return show(say("noLink"), text("noLinkText"));
  const send = async (given) => {
    await call("POST", "/api/setup", { token: held, ...given });
    home();
  };
  const name = field("name", { autocomplete: "name", required: "" });
  const made = form(say("setupButton"), send, name, email(), password("new-password", say("rule")));
  return show(say("setupTitle"), text("setupText"), made);
}

async function join() {
  const held = token();
  if (!held) return show(say("noLink"), text("noLinkText"));
  const invited = await call("POST", "/api/invitations/open", { token: held });
  const send = async (given) => {
    await call("POST", "/api/invitations/accept", { token: held, ...given });
    home();
  };
  const name = field("name", { autocomplete: "name", hint: say("joinName") });
  const whose = make("input", { type: "email", autocomplete: "username", value: invited.email, readonly: "", hidden: "" });
  const made = form(say("joinButton"), send, whose, name, password("new-password", say("joinPassword")));
  const role = say(invited.role);
  return show(say("joinTitle", invited), text("joinText", { ...invited, role }), made);
}

async function signIn() {
  const { oidc } = await call("GET", "/api/sign-in");
  const send = async (given) => {
    await call("POST", "/api/session", given);
    home();
  };
  const made = form(say("signInButton"), send, email(), password("current-password"));
  if (!oidc) return show(say("signInTitle"), made);
  const other = make("a", { class: "button quiet", href: `${oidc.path}?next=/` }, oidc.label);
  return show(say("signInTitle"), made, make("p", { class: "or faint" }, say("or")), other);
}

async function welcome() {
  const { user, csrf_token: proof } = await call("GET", "/api/session");
  const { items } = await call("GET", "/api/workspaces?limit=100");
  const rows = items.map(({ name, role }) =>
    make("li", {}, make("span", {}, name), make("span", { class: "faint" }, say(role))),
  );
  const leave = async () => {
    await call("DELETE", "/api/session", undefined, { "x-csrf-token": proof });
    location.replace("/sign-in");
  };
  const out = form(say("signOut"), leave);
  out.querySelector("button").classList.add("quiet");
  const api = make("a", { href: "/api/openapi.json" }, say("api"));
  return show(
    say("hello", { name: user.name || user.email }),
    text("signedIn", user),
    rows.length ? make("h2", {}, say("workspaces")) : text("none"),
    rows.length ? make("ul", {}, ...rows) : null,
    make("p", { class: "faint" }, `${say("next")} `, api, "."),
    out,
  );
}

const PAGES = { "/": welcome, "/setup": setup, "/join": join, "/sign-in": signIn };

try {
  await PAGES[location.pathname]();
} catch (error) {
  if (error instanceof Problem && error.status === 401) location.replace("/sign-in");
  else if (error instanceof Problem) show(error.detail, signInLink());
  else show(say("lost"));
}
