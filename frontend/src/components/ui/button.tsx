/** Buttons. At most one `primary` per region. */
import type { ComponentProps, ReactNode } from 'react';
import { cx } from '@/lib/cx';
import { Tooltip } from './tooltip';

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: 'plain' | 'outline' | 'primary';
  size?: 'md' | 'lg' | 'xs';
  danger?: boolean;
  /** Shows a spinner and refuses clicks. */
  busy?: boolean;
}

export function Button({
  variant = 'plain',
  size = 'md',
  danger,
  busy,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      className={cx(
        'btn',
        variant === 'outline' && 'out',
        variant === 'primary' && 'pri',
        size !== 'md' && size,
        danger && 'danger',
        className,
      )}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy && <span className="spin" aria-hidden="true" />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends ComponentProps<'button'> {
  /** Its name for screen readers, and its tooltip. */
  label: string;
  small?: boolean;
  side?: 'top' | 'bottom' | 'left' | 'right';
  children: ReactNode;
}

export function IconButton({ label, small, side, className, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} side={side}>
      <button type="button" aria-label={label} className={cx('icon-btn', small && 'sm', className)} {...rest}>
        {children}
      </button>
    </Tooltip>
  );
}
