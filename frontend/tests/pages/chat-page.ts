/** The chat as a person meets it: by role and name. */
import { expect, type Locator, type Page } from '@playwright/test';

export class ChatPage {
  readonly log: Locator;
  readonly input: Locator;
  readonly send: Locator;
  readonly stop: Locator;
  readonly answers: Locator;
  readonly questions: Locator;

  constructor(readonly page: Page) {
    this.log = page.getByRole('log', { name: 'Messages' });
    this.input = page.getByRole('textbox', { name: 'Message', exact: true });
    this.send = page.getByRole('button', { name: 'Send', exact: true });
    this.stop = page.getByRole('button', { name: 'Stop generating' });
    this.answers = this.log.getByRole('article');
    this.questions = this.log.locator('[data-role="user"]');
  }

  async openNew(): Promise<void> {
    await this.page.goto('/');
    await expect(this.input).toBeVisible();
  }

  /** Asks, and waits until the server has named the conversation. */
  async ask(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press('Enter');
    await expect(this.page).toHaveURL(/\/c\//);
  }

  /** The answer is over. */
  async settled(): Promise<void> {
    await expect(this.answers.last()).toHaveAttribute('aria-busy', 'false');
  }

  get conversationId(): string {
    return new URL(this.page.url()).pathname.split('/').at(-1) ?? '';
  }

  answer(index = -1): Locator {
    const all = this.answers;
    return index < 0 ? all.last() : all.nth(index);
  }

  /** The text of an answer without its surroundings; the last part, where tools were called between. */
  text(index = -1): Locator {
    return this.answer(index).getByTestId('answer').last();
  }

  scrollTop(): Promise<number> {
    return this.log.evaluate((element) => element.scrollTop);
  }

  distanceToEnd(): Promise<number> {
    return this.log.evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);
  }
}
