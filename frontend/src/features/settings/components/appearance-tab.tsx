/** How the page looks and behaves; every change shows at once. */
import { Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import type { Density, FontSize, Me, Theme } from '@/api/types';
import { Segmented } from '@/components/ui/segmented';
import { Switch } from '@/components/ui/switch';
import { readAppearance } from '@/lib/appearance';
import { t } from '@/lib/i18n';
import { savePreferences } from '../queries';
import { Section } from './section';

export function AppearanceTab({ me }: { me: Me }) {
  const [look, setLook] = useState(readAppearance);
  const { preferences } = me.user;
  const change = (part: Partial<typeof look>) => {
    setLook({ ...look, ...part });
    void savePreferences(part);
  };
  return (
    <div>
      <Section title={t('Theme')}>
        <div>
          <Segmented<Theme>
            label={t('Theme')}
            value={look.theme}
            onChange={(theme) => change({ theme })}
            options={[
              {
                value: 'light',
                label: (
                  <>
                    <Sun size={15} />
                    {t('Light')}
                  </>
                ),
              },
              {
                value: 'dark',
                label: (
                  <>
                    <Moon size={15} />
                    {t('Dark')}
                  </>
                ),
              },
              {
                value: 'system',
                label: (
                  <>
                    <Monitor size={15} />
                    {t('System')}
                  </>
                ),
              },
            ]}
          />
        </div>
        <Switch
          label={t('High contrast')}
          hint={t('Stronger text and outlines.')}
          checked={look.contrast === 'high'}
          onChange={(high) => change({ contrast: high ? 'high' : 'normal' })}
        />
      </Section>
      <Section title={t('Text and spacing')}>
        <div className="grid gap-1.5">
          <span className="font-medium text-sm text-text-2">{t('Text size')}</span>
          <div>
            <Segmented<FontSize>
              label={t('Text size')}
              value={look.font_size}
              onChange={(font_size) => change({ font_size })}
              options={[
                { value: 'small', label: t('Small') },
                { value: 'medium', label: t('Medium') },
                { value: 'large', label: t('Large') },
                { value: 'x-large', label: t('Largest') },
              ]}
            />
          </div>
        </div>
        <div className="grid gap-1.5">
          <span className="font-medium text-sm text-text-2">{t('Density')}</span>
          <div>
            <Segmented<Density>
              label={t('Density')}
              value={look.density}
              onChange={(density) => change({ density })}
              options={[
                { value: 'compact', label: t('Compact') },
                { value: 'comfortable', label: t('Comfortable') },
                { value: 'spacious', label: t('Spacious') },
              ]}
            />
          </div>
        </div>
      </Section>
      <Section title={t('Chat')}>
        <Switch
          label={t('Send with Ctrl+Enter')}
          hint={t('Enter alone then starts a new line.')}
          checked={preferences.send_on === 'mod_enter'}
          onChange={(on) => savePreferences({ send_on: on ? 'mod_enter' : 'enter' })}
        />
        <Switch
          label={t('Follow the answer')}
          hint={t('Off keeps your question at the top and nothing scrolls while the answer is written.')}
          checked={preferences.follow_output !== false}
          onChange={(follow_output) => savePreferences({ follow_output })}
        />
      </Section>
    </div>
  );
}
