// Forms with a passkey: ask the device before the form is sent, and send what it answers.
// data-passkey says what to do (create or get); the options stand in a JSON element of the page
// (data-options), or are asked for (data-options-from).
(() => {
  "use strict";

  const able = window.PublicKeyCredential && "parseRequestOptionsFromJSON" in PublicKeyCredential;

  async function optionsOf(form) {
    const { options, optionsFrom } = form.dataset;
    if (options) return JSON.parse(document.getElementById(options).textContent).publicKey;
    const answer = await fetch(optionsFrom, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`no options: ${answer.status}`);
    return (await answer.json()).request_options.publicKey;
  }

  // Whether the key alone is to be enough is ticked in the form, so it is decided here.
  function asTicked(options, box) {
    if (!box) return options;
    const alone = box.checked;
    options.authenticatorSelection = {
      ...options.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      userVerification: alone ? "required" : "preferred",
    };
    return options;
  }

  async function ask(form) {
    const options = asTicked(await optionsOf(form), form.elements.passwordless);
    if (form.dataset.passkey === "create") {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
      return navigator.credentials.create({ publicKey });
    }
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return navigator.credentials.get({ publicKey });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[data-passkey-failed]");
    if (!able) {
      failed.textContent = "This browser knows no passkeys, or this page is not safe (https).";
    }
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      failed.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(await ask(form));
        form.submit();
      } catch (error) {
        console.warn(error);
        failed.hidden = false;
        failed.setAttribute("role", "alert");
      }
    });
  }
})();
